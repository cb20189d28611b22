import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findServer, type Kind, type Missing, onPath, type Server } from './find-server.ts';
import { type Program, ServerProcess, until } from './server-process.ts';

export const redis: Kind = {
  name: 'Redis',
  urlVariable: 'SESSIONS_REDIS_URL',
  image: 'redis:8',
  imageVariable: 'SESSIONS_REDIS_IMAGE',
  port: 6379,
  program: 'redis-server',
  args: (address, port, folder) => [
    ...['--bind', address, '--port', String(port), '--protected-mode', 'no'],
    ...(folder ? ['--dir', folder] : []),
  ],
  ready: /Ready to accept connections/,
  url: (host, port) => `redis://${host.includes(':') ? `[${host}]` : host}:${port}`,
};

export function findRedis(): Promise<Server | Missing> {
  return findServer(redis);
}

/** Whether tests can run servers of their own, to freeze and kill. */
export function ownRedis(): { start: typeof startRedis } | Missing {
  if (onPath(redis.program)) return { start: startRedis };
  return { reason: `no ${redis.program} on PATH, so none to freeze and kill` };
}

/** A Redis of the test's own, with arguments such as `--requirepass`. */
export function startRedis(extra: readonly string[] = [], port?: number): Promise<ServerProcess> {
  return ServerProcess.start(redis, extra, port);
}

/** Several servers that work as one. */
export interface Servers {
  readonly nodes: readonly ServerProcess[];
  stop(): Promise<void>;
}

/** A Redis Cluster: so many masters, each with one replica. The masters come first. */
export async function startRedisCluster(masters = 3): Promise<Servers> {
  const nodes = await startAll(masters * 2, [
    ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--save', ''],
    ...['--repl-diskless-sync-delay', '0', '--cluster-replica-validity-factor', '0'],
  ]);
  const ports = nodes.map(({ port }) => port);
  for (const [n, port] of ports.entries()) {
    await command(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(n + 1));
    await command(port, 'CLUSTER', 'MEET', '127.0.0.1', String(ports[0]));
  }
  const size = 16_384;
  for (let n = 0; n < masters; n++) {
    const first = Math.round((size * n) / masters);
    const last = Math.round((size * (n + 1)) / masters) - 1;
    await command(ports[n] as number, 'CLUSTER', 'ADDSLOTSRANGE', String(first), String(last));
  }
  const all = (text: string) =>
    until(async () => {
      for (const port of ports) {
        if (!(await command(port, 'CLUSTER', 'INFO')).includes(text)) return false;
      }
      return true;
    }, text);
  await all(`cluster_known_nodes:${nodes.length}`);
  for (let n = 0; n < masters; n++) {
    const id = (await command(ports[n] as number, 'CLUSTER', 'MYID')).split('\r\n')[1] ?? '';
    await command(ports[masters + n] as number, 'CLUSTER', 'REPLICATE', id);
  }
  await all('cluster_state:ok');
  for (let n = masters; n < nodes.length; n++) await isReplica(ports[n] as number);
  return { nodes, stop: () => stopAll(nodes) };
}

export interface SentinelServers extends Servers {
  readonly name: string;
  /** The ports of the sentinels. */
  readonly sentinels: readonly number[];
}

/** A master with replicas, the master first, and three sentinels that watch them. */
export async function startSentinel(replicas = 2): Promise<SentinelServers> {
  const name = 'main';
  const quick = ['--save', '', '--repl-diskless-sync-delay', '0'];
  const master = await startRedis(quick);
  const of = [...quick, '--replicaof', `127.0.0.1 ${master.port}`];
  const others = await startAll(replicas, of);
  for (const { port } of others) await isReplica(port);
  const watcher = sentinel(name, master.port);
  const watchers = await Promise.all([1, 2, 3].map(() => ServerProcess.start(watcher)));
  await until(async () => {
    for (const { port } of watchers) {
      const text = await command(port, 'SENTINEL', 'MASTER', name);
      if (!/num-other-sentinels\s+\$1\s+2\b/.test(text)) return false;
      if (!new RegExp(`num-slaves\\s+\\$1\\s+${replicas}\\b`).test(text)) return false;
    }
    return true;
  }, 'sentinels that know each other');
  const nodes = [master, ...others];
  const stop = () => stopAll([...watchers, ...nodes]);
  return { name, nodes, sentinels: watchers.map(({ port }) => port), stop };
}

/** What the server answers to one command, as it comes over the wire. */
export async function command(port: number, ...args: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
    socket.write(`*${args.length}\r\n${args.map(bulk).join('')}`);
    let answer = '';
    while (endOf(answer, 0) < 0) answer += (await once(socket, 'data'))[0];
    if (answer.startsWith('-')) throw new Error(`${args[0]} ${args[1]}: ${answer.trim()}`);
    return answer;
  } finally {
    socket.destroy();
  }
}

/** Where the reply that begins at `start` ends, or -1 while a part is missing. ASCII only. */
function endOf(text: string, start: number): number {
  const line = text.indexOf('\r\n', start);
  if (line < 0) return -1;
  const count = Number(text.slice(start + 1, line));
  let end = line + 2;
  if (text[start] === '$') {
    if (count >= 0) end += count + 2;
  } else if (text[start] === '*') {
    for (let n = 0; n < count && end >= 0; n++) end = endOf(text, end);
  }
  return end > text.length ? -1 : end;
}

function sentinel(name: string, master: number): Program {
  return {
    ...redis,
    ready: /\+monitor master/,
    args(address, port, folder = '') {
      const file = join(folder, 'sentinel.conf');
      const lines = [
        `port ${port}`,
        `bind ${address}`,
        `dir ${folder}`,
        `sentinel monitor ${name} 127.0.0.1 ${master} 2`,
        `sentinel down-after-milliseconds ${name} 1000`,
        `sentinel failover-timeout ${name} 5000`,
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      return [file, '--sentinel'];
    },
  };
}

function startAll(count: number, extra: readonly string[]): Promise<ServerProcess[]> {
  return Promise.all(Array.from({ length: count }, () => startRedis(extra)));
}

async function stopAll(servers: readonly ServerProcess[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

function isReplica(port: number): Promise<void> {
  return until(
    async () => (await command(port, 'INFO', 'replication')).includes('master_link_status:up'),
    'a replica that has its master',
  );
}
