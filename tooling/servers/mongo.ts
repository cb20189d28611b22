import {
  GenericContainer,
  getContainerRuntimeClient,
  ImageName,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import {
  findServer,
  firstLine,
  imageOf,
  type Kind,
  type Missing,
  onPath,
  type Server,
} from './find-server.ts';
import { freePort, ServerProcess } from './server-process.ts';

/** MongoDB, as a replica set of one that has yet to be initiated. */
export const mongo: Kind = {
  name: 'MongoDB',
  urlVariable: 'SESSIONS_MONGO_URL',
  image: 'mongo:8',
  imageVariable: 'SESSIONS_MONGO_IMAGE',
  port: 27017,
  program: 'mongod',
  args: (address, port, folder) => [
    ...['--bind_ip', address, '--port', String(port), '--replSet', 'rs0'],
    ...(folder ? ['--dbpath', folder] : []),
  ],
  ready: /Waiting for connections/,
  url: (host, port) =>
    `mongodb://${host.includes(':') ? `[${host}]` : host}:${port}/?directConnection=true`,
};

export function findMongo(): Promise<Server | Missing> {
  return findServer(mongo);
}

/** A server of the test's own. */
export interface OwnMongo {
  readonly port: number;
  readonly url: string;
  /** Stops it in the middle of whatever it does: connections stay, nothing is answered. */
  freeze(): Promise<void> | void;
  thaw(): Promise<void> | void;
  /** Ends it without giving it time to write anything. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Whether tests can run servers of their own, to freeze and kill, of all these programs: from PATH,
 * or from the image, which is got here if it is not there.
 */
export async function ownMongo(
  programs: readonly string[] = [mongo.program],
): Promise<{ start: typeof startMongo } | Missing> {
  const absent = programs.filter((program) => !onPath(program));
  if (absent.length === 0) return { start: startMongo };
  try {
    const { image } = await getContainerRuntimeClient();
    const name = ImageName.fromString(imageOf(mongo));
    await image.pull(name);
    await image.inspect(name);
    return { start: startMongo };
  } catch (error) {
    const why = `no ${absent.join(', no ')} on PATH, no container (${firstLine(error)})`;
    return { reason: `${why}, so none to freeze and kill` };
  }
}

/**
 * A server to freeze and kill, from the program on PATH or the image. `program` and `args` are
 * those of another member of the family, which is in the same image.
 */
export async function startMongo(
  program: string = mongo.program,
  args: Kind['args'] = mongo.args,
): Promise<OwnMongo> {
  if (onPath(program)) return ServerProcess.start({ ...mongo, program, args });
  return MongoContainer.start(program, args);
}

/** On the host's network, so that several find each other where their clients find them. */
class MongoContainer implements OwnMongo {
  readonly port: number;
  readonly #container: StartedTestContainer;

  private constructor(port: number, container: StartedTestContainer) {
    this.port = port;
    this.#container = container;
  }

  static async start(program: string, args: Kind['args']): Promise<MongoContainer> {
    const port = await freePort();
    const container = await new GenericContainer(imageOf(mongo))
      .withNetworkMode('host')
      .withCommand([program, ...args('127.0.0.1', port)])
      .withWaitStrategy(Wait.forLogMessage(mongo.ready))
      .withStartupTimeout(60_000)
      .start();
    return new MongoContainer(port, container);
  }

  get url(): string {
    return mongo.url('127.0.0.1', this.port);
  }

  async freeze(): Promise<void> {
    await (await this.#handle()).pause();
  }

  async thaw(): Promise<void> {
    await (await this.#handle()).unpause();
  }

  async kill(): Promise<void> {
    await (await this.#handle()).kill();
  }

  async start(): Promise<void> {
    await (await this.#handle()).start();
  }

  async stop(): Promise<void> {
    await (await this.#handle()).remove({ force: true });
  }

  async #handle() {
    const { container } = await getContainerRuntimeClient();
    return container.getById(this.#container.getId());
  }
}
