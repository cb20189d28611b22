import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cores, pinned } from './cores.js';
import { connect } from './server-client.js';

const LONGEST_START = 20_000;

/** Where everything that is not kept goes: on the disk of the repository, since /tmp may be memory. */
export const folder = fileURLToPath(new URL('reports/', import.meta.url));

const kinds = {
  redis: {
    variable: 'SESSIONS_REDIS_URL',
    program: 'redis-server',
    args: (address, port) => [
      ...['--bind', address, '--port', port, '--save', ''],
      ...['--protected-mode', 'no'],
    ],
    image: process.env.SESSIONS_REDIS_IMAGE || 'redis:8',
    port: '6379',
    url: (host) => `redis://${host}`,
  },
  mongo: {
    variable: 'SESSIONS_MONGO_URL',
    program: 'mongod',
    args: (address, port) => ['--bind_ip', address, '--port', port],
    image: process.env.SESSIONS_MONGO_IMAGE || 'mongo:8',
    port: '27017',
    url: (host) => `mongodb://${host}/?directConnection=true`,
  },
  postgres: {
    variable: 'SESSIONS_POSTGRES_URL',
    program: 'postgres', // from the image, as a process needs databases that are there already
    args: (address, port) => ['-c', `listen_addresses=${address}`, '-p', port],
    image: process.env.SESSIONS_POSTGRES_IMAGE || 'postgres:18',
    environment: ['-e', 'POSTGRES_HOST_AUTH_METHOD=trust'],
    port: '5432',
    url: (host) => `postgres://postgres@${host}/postgres`,
  },
};

const open = new Map();

/**
 * The server of that kind: the one whose URL the environment names, or one that is started here and
 * stopped with this process: from PATH, or from an image that is there already. Without any,
 * `{ reason }`.
 */
export function serverOf(name) {
  if (!open.has(name)) open.set(name, find(kinds[name]));
  return open.get(name);
}

async function find(kind) {
  const url = process.env[kind.variable];
  if (url) return ready(url, 'not pinned');
  const where = cores ? `on core ${cores.server}` : 'not pinned';
  const tried = [`no ${kind.variable}`];
  for (const start of [asProcess, inContainer]) {
    try {
      return await ready(await start(kind), where);
    } catch (error) {
      tried.push(String(error.message).trim().split('\n').at(-1));
    }
  }
  return { reason: tried.join('; ') };
}

async function ready(url, where) {
  const end = performance.now() + LONGEST_START;
  for (;;) {
    try {
      const client = await connect(url);
      return { ...client, url, about: `${client.about}, ${where}` };
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(100);
    }
  }
}

async function asProcess({ program, args, url }) {
  const port = await freePort();
  const cwd = `${folder}${program}-${port}`;
  mkdirSync(cwd, { recursive: true });
  const keep = program === 'mongod' ? ['--dbpath', cwd] : [];
  const child = spawn(...pinned('server', program, [...args('127.0.0.1', port), ...keep]), {
    cwd,
    stdio: 'ignore',
  });
  process.once('exit', () => {
    child.kill('SIGKILL');
    rmSync(cwd, { recursive: true, force: true });
  });
  await new Promise((resolve, reject) => {
    child.once('error', () => reject(new Error(`no ${program} on PATH`)));
    child.once('exit', () => reject(new Error(`no ${program} that runs`)));
    setTimeout(resolve, 300);
  });
  return url(`127.0.0.1:${port}`);
}

function inContainer({ program, args, image, environment = [], port, url }) {
  const docker = (...words) => execFileSync('docker', words, { encoding: 'utf8', stdio: 'pipe' });
  let id;
  try {
    const pin = cores ? ['--cpuset-cpus', cores.server] : [];
    const options = [
      '-d',
      '--rm',
      '--pull=never',
      '-p',
      `127.0.0.1::${port}`,
      ...pin,
      ...environment,
    ];
    id = docker('run', ...options, image, program, ...args('0.0.0.0', port)).trim();
  } catch {
    throw new Error(`no image ${image}`);
  }
  process.once('exit', () => docker('rm', '-f', id));
  return url(docker('port', id, port).trim().split('\n')[0]);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}
