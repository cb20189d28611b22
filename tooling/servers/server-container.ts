import type { Readable } from 'node:stream';
import {
  GenericContainer,
  getContainerRuntimeClient,
  ImageName,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import { firstLine, imageOf, type Kind } from './find-server.ts';
import { freePort } from './server-process.ts';

/** A server of the test's own. */
export interface OwnServer {
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

/** On the host's network, so that several find each other where their clients find them. */
export class ServerContainer implements OwnServer {
  readonly port: number;
  readonly url: string;
  readonly #container: StartedTestContainer;

  private constructor(port: number, url: string, container: StartedTestContainer) {
    this.port = port;
    this.url = url;
    this.#container = container;
  }

  /** Starts the image of this kind with its program, or another that is in there, and more files. */
  static async start(
    kind: Kind,
    program: string = kind.program,
    args: Kind['args'] = kind.args,
    files?: Readable,
  ): Promise<ServerContainer> {
    const port = await freePort();
    const image = new GenericContainer(imageOf(kind));
    if (files) image.withCopyArchivesToContainer([{ tar: files, target: '/' }]);
    const container = await image
      .withNetworkMode('host')
      .withEnvironment(kind.environment ?? {})
      .withCommand([program, ...args('127.0.0.1', port)])
      .withWaitStrategy(Wait.forLogMessage(kind.ready))
      .withStartupTimeout(60_000)
      .start();
    return new ServerContainer(port, kind.url('127.0.0.1', port), container);
  }

  async freeze(): Promise<void> {
    await (await this.#handle()).pause();
  }

  async thaw(): Promise<void> {
    await (await this.#handle()).unpause();
  }

  async kill(): Promise<void> {
    const handle = await this.#handle();
    const gone = handle.wait();
    await handle.kill();
    await gone;
  }

  async start(): Promise<void> {
    await (await this.#handle()).start();
  }

  async stop(): Promise<void> {
    await (await this.#handle()).remove({ force: true });
  }

  /** Makes files in there with a program that is in there, and gives them as an archive. */
  async filesMadeBy(command: string[], path: string): Promise<Readable> {
    const { exitCode, output } = await this.#container.exec(command);
    if (exitCode !== 0) throw new Error(`${command[0]}: ${output}`);
    return (await this.#container.copyArchiveFromContainer(path)) as Readable;
  }

  async #handle() {
    const { container } = await getContainerRuntimeClient();
    return container.getById(this.#container.getId());
  }
}

/** Why no container of this kind can be started, or `undefined`. Gets the image if it is not there. */
export async function whyNoContainer(kind: Kind): Promise<string | undefined> {
  try {
    const { image } = await getContainerRuntimeClient();
    const name = ImageName.fromString(imageOf(kind));
    await image.pull(name);
    await image.inspect(name);
    return undefined;
  } catch (error) {
    return `no container (${firstLine(error)})`;
  }
}
