import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { testRandomFaults } from '../../../tooling/servers/random-faults.ts';
import { ownRedis } from '../../../tooling/servers/redis.ts';
import type { ServerProcess } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { RedisSessionStore } from '../src/index.ts';
import { newPrefix, quiet } from './support.ts';

const SECONDS = process.env.SESSIONS_SOAK ? 300 : 6;
const LANES = 40;

describeWith(ownRedis(), { describe, test }, 'under random faults', ({ start }) => {
  let server: ServerProcess;
  let proxies: TcpProxy[];
  let clients: Redis[];
  let stores: RedisSessionStore[];
  let other: RedisSessionStore;

  beforeAll(async () => {
    server = await start(['--save', '']);
    proxies = await Promise.all([1, 2, 3].map(() => TcpProxy.to(server.url)));
    const [one, two, three] = proxies.map(({ port }) => port) as [number, number, number];
    // With the default settings ioredis sends again what it has no answer to.
    clients = [new Redis(one), new Redis(two, { retryStrategy: () => 1 })];
    for (const client of clients) client.on('error', () => {});
    const options = { ...quiet, prefix: newPrefix() };
    stores = [...clients, three].map(
      (given) => new RedisSessionStore(given, { ...options, timeout: 2500 }),
    );
    other = new RedisSessionStore(server.port, { ...options, timeout: 20_000 });
    await Promise.all([...stores, other].map((store) => store.init()));
  });

  afterAll(async () => {
    await Promise.all([...stores, other].map((store) => store.close()));
    for (const client of clients) client.disconnect();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await server.stop();
  });

  testRandomFaults(() => ({ server, proxies, stores, other }), SECONDS, LANES);
});
