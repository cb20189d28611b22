import { randomBytes } from 'node:crypto';
import type { Backend } from '@sessions/conformance';
import type { StoreOptions } from '@sessions/core';
import { Cluster, type NodeRole, Redis } from 'ioredis';
import { RedisSessionStore, type RedisStoreOptions } from '../src/index.ts';
import { RedisDriver } from '../src/redis-driver.ts';

/** Servers of the tests keep nothing on disk, which is worth a warning elsewhere. */
export const quiet = { onWarning: () => {} } as const;

export function newPrefix(): string {
  return `t${randomBytes(8).toString('hex')}:`;
}

/** The URL of a database with nothing in it, for whoever does not choose a prefix. */
export async function emptyDatabase(serverUrl: string): Promise<string> {
  const redis = new Redis(serverUrl);
  try {
    for (let db = 15; db > 0; db--) {
      await redis.select(db);
      if ((await redis.dbsize()) > 0) continue;
      const url = new URL(serverUrl);
      url.pathname = `/${db}`;
      return url.href;
    }
  } finally {
    redis.disconnect();
  }
  throw new Error('the server has no empty database');
}

export async function removeAll(client: Redis | Cluster, prefix: string): Promise<void> {
  for (const node of client instanceof Cluster ? client.nodes('master') : [client]) {
    const pipeline = node.pipeline();
    for (const key of await node.keys(`${prefix}*`)) pipeline.del(key);
    await pipeline.exec();
  }
}

/** Makes the stored record unreadable, in one of the ways that a stranger might. */
export async function corrupt(client: Redis | Cluster, key: string, way = 0): Promise<void> {
  const value = (await client.get(key)) ?? '';
  if (way === 0) await client.set(key, value.slice(0, -3));
  else if (way === 1) await client.set(key, '{"a":1}');
  else if (way === 2) await client.set(key, '');
  else {
    await client.del(key);
    await client.hset(key, 'a', '1');
  }
}

export const WAYS = 4;

export type Connect = () => ConstructorParameters<typeof RedisSessionStore>[0];

/** An empty backend for the kit: a prefix of its own. Other processes find it at the address. */
export function backendOf(
  admin: Redis | Cluster,
  connect: Connect,
  address: { url: string } | { ports: readonly number[] },
  interrupt: NonNullable<Backend['interrupt']>,
  dispose: () => Promise<void> = async () => {},
): Backend {
  const prefix = newPrefix();
  let way = 0;
  return {
    open: (options: StoreOptions) =>
      new RedisSessionStore(connect(), { ...quiet, ...options, prefix } as RedisStoreOptions),
    driver: () => new RedisDriver(connect(), { prefix }),
    corrupt: (id) => corrupt(admin, prefix + encodeURIComponent(id), way++ % WAYS),
    elsewhere: {
      module: new URL('elsewhere.js', import.meta.url),
      argument: { ...address, prefix },
    },
    interrupt,
    async dispose() {
      await removeAll(admin, prefix);
      await dispose();
    },
  };
}

export function clusterOf(ports: readonly number[], more: { scaleReads?: NodeRole } = {}): Cluster {
  const cluster = new Cluster(
    ports.map((port) => ({ host: '127.0.0.1', port })),
    { clusterRetryStrategy: () => 100, ...more },
  );
  cluster.on('error', () => {});
  return cluster;
}
