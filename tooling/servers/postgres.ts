import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { findServer, type Kind, type Missing, onPath, type Server } from './find-server.ts';
import { ServerContainer, whyNoContainer } from './server-container.ts';
import { type Program, ServerProcess, until } from './server-process.ts';

const NOBODY = 65_534;
const user = process.getuid?.() === 0 ? NOBODY : undefined; // it refuses to run as root

export const postgres: Kind = {
  name: 'PostgreSQL',
  urlVariable: 'SESSIONS_POSTGRES_URL',
  image: 'postgres:18',
  imageVariable: 'SESSIONS_POSTGRES_IMAGE',
  port: 5432,
  environment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
  program: 'postgres',
  user,
  args(address, port, folder) {
    const all = ['-p', String(port), '-c', `listen_addresses=${address}`];
    if (!folder) return all; // the image has its own
    const data = join(folder, 'data');
    if (!existsSync(data)) initialise(data);
    return [...all, '-D', data, '-k', ''];
  },
  ready: /ready to accept (read-only )?connections/,
  url: (host, port) =>
    `postgres://postgres@${host.includes(':') ? `[${host}]` : host}:${port}/postgres`,
};

export async function findPostgres(): Promise<Server | Missing> {
  const found = await findServer(postgres);
  // The official image says that it is ready a first time before it listens.
  if ('url' in found) await until(() => answers(found.url), 'PostgreSQL');
  return found;
}

interface Own {
  readonly start: typeof startPostgres;
  readonly startStandby: typeof startStandby;
}

/** Whether tests can run servers of their own, to freeze and kill: all processes of one at once. */
export async function ownPostgres(): Promise<Own | Missing> {
  const why = await whyNoContainer(postgres);
  if (why === undefined) return { start: startPostgres, startStandby };
  return { reason: `${why}, so none to freeze and kill` };
}

/** A PostgreSQL of the test's own, with settings such as `max_connections=5`. */
export async function startPostgres(settings: readonly string[] = []): Promise<ServerContainer> {
  return startContainer(postgres, settings);
}

/** A standby of the server, which follows it: `SELECT pg_promote()` makes it a primary. */
export async function startStandby(primary: ServerContainer): Promise<ServerContainer> {
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres'];
  const how = ['-D', '/tmp/standby', '-R', '-X', 'stream', '-c', 'fast'];
  const files = await primary.filesMadeBy(['pg_basebackup', ...from, ...how], '/tmp/standby');
  const environment = { ...postgres.environment, PGDATA: '/standby' };
  return startContainer({ ...postgres, environment }, [], files);
}

async function startContainer(
  kind: Kind,
  settings: readonly string[],
  files?: Readable,
): Promise<ServerContainer> {
  const more = settings.flatMap((setting) => ['-c', setting]);
  const args: Kind['args'] = (...where) => [...kind.args(...where), ...more];
  const server = await ServerContainer.start(kind, kind.program, args, files);
  await until(() => answers(server.url), 'PostgreSQL');
  return server;
}

/** Whether tests can put PgBouncer before a server. */
export function ownPgBouncer(): { start: typeof startPgBouncer } | Missing {
  if (onPath('pgbouncer')) return { start: startPgBouncer };
  return { reason: 'no pgbouncer on PATH' };
}

/** PgBouncer in transaction mode, with two connections to the server of that URL. */
export function startPgBouncer(url: string): Promise<ServerProcess> {
  const { hostname, port } = new URL(url);
  const bouncer: Program = {
    program: 'pgbouncer',
    user,
    args(address, listenPort, folder = '') {
      const file = join(folder, 'pgbouncer.ini');
      const lines = [
        '[databases]',
        `* = host=${hostname.replace(/^\[|\]$/g, '')} port=${port} user=postgres`,
        '[pgbouncer]',
        `listen_addr = ${address}`,
        `listen_port = ${listenPort}`,
        'unix_socket_dir =',
        'auth_type = any',
        'pool_mode = transaction',
        'default_pool_size = 2',
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      return [file];
    },
    ready: /process up/,
    url: postgres.url,
  };
  return ServerProcess.start(bouncer);
}

/** Whether a server takes connections there. */
export async function answers(url: string): Promise<boolean> {
  const { hostname, port, username, pathname } = new URL(url);
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
  const end = AbortSignal.timeout(1000);
  try {
    const words = ['user', decodeURIComponent(username), 'database', pathname.slice(1), ''];
    const body = Buffer.from(`\0\x03\0\0${words.join('\0')}\0`, 'latin1'); // version 3.0
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    socket.write(Buffer.concat([length, body]));
    const [answer] = await once(socket, 'data', { signal: end });
    return answer.toString('latin1', 0, 1) === 'R'; // it asks who we are, or lets us in
  } catch {
    return false;
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}

function initialise(data: string): void {
  const as = user === undefined ? {} : { uid: user, gid: user };
  const words = [
    '-D',
    data,
    '--username=postgres',
    '--auth=trust',
    '--no-locale',
    '--encoding=UTF8',
  ];
  const { status, stderr } = spawnSync('initdb', words, { encoding: 'utf8', ...as });
  if (status !== 0) throw new Error(`initdb: ${stderr}`);
}
