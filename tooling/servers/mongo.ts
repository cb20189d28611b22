import { findServer, type Kind, type Missing, onPath, type Server } from './find-server.ts';
import { type OwnServer, ServerContainer, whyNoContainer } from './server-container.ts';
import { ServerProcess } from './server-process.ts';

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

/**
 * Whether tests can run servers of their own, to freeze and kill, of all these programs: from PATH,
 * or from the image, which is got here if it is not there.
 */
export async function ownMongo(
  programs: readonly string[] = [mongo.program],
): Promise<{ start: typeof startMongo } | Missing> {
  const absent = programs.filter((program) => !onPath(program));
  if (absent.length === 0) return { start: startMongo };
  const why = await whyNoContainer(mongo);
  if (why === undefined) return { start: startMongo };
  return { reason: `no ${absent.join(', no ')} on PATH, ${why}, so none to freeze and kill` };
}

/**
 * A server to freeze and kill, from the program on PATH or the image. `program` and `args` are
 * those of another member of the family, which is in the same image.
 */
export async function startMongo(
  program: string = mongo.program,
  args: Kind['args'] = mongo.args,
): Promise<OwnServer> {
  if (onPath(program)) return ServerProcess.start({ ...mongo, program, args });
  return ServerContainer.start(mongo, program, args);
}
