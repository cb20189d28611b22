import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { RedisSessionStore } from '../src/index.ts';
import { again, newPrefix, quiet, removeAll } from './support.ts';

const CALLS = 40;

describeWith(await findRedis(), { describe, test }, 'commands that arrive late', (server) => {
  let admin: Redis;
  const prefix = newPrefix();

  beforeAll(() => {
    admin = new Redis(server.url);
  });

  afterAll(async () => {
    await removeAll(admin, prefix);
    admin.disconnect();
    await server.stop();
  });

  /** What happens to the network while calls are on their way, and what is let through afterwards. */
  const faults: Record<string, (proxy: TcpProxy) => Promise<() => void>> = {
    async cut(proxy) {
      await pause(1);
      proxy.cut();
      return () => {};
    },
    async swallowed(proxy) {
      await proxy.set('mute');
      await pause(50);
      await proxy.set('open');
      proxy.cut();
      return () => {};
    },
    async late(proxy) {
      await pause(100);
      await proxy.set('open');
      proxy.hangUp();
      return () => proxy.deliver();
    },
  };

  type Given = ConstructorParameters<typeof RedisSessionStore>[0];
  const clients: Record<string, (port: number) => Given> = {
    'a connection of its own': (port) => port,
    'a client with default settings': (port) => new Redis(port),
    'a client that sends again at once': (port) => new Redis(port, { retryStrategy: () => 1 }),
    'a client that gives up': (port) =>
      new Redis(port, { commandTimeout: 100, retryStrategy: () => null }),
  };

  const cases = Object.keys(clients).flatMap((client) =>
    Object.keys(faults).map((fault) => [fault, client] as const),
  );

  test.each(cases)(
    'when they are %s, with %s: change nothing after their call is over',
    async (fault, by) => {
      const proxy = await TcpProxy.to(server.url);
      const given = clients[by]?.(proxy.port);
      if (given instanceof Redis) given.on('error', () => {});
      const mine = prefix + newPrefix();
      const store = new RedisSessionStore(given, { ...quiet, prefix: mine, timeout: 3000 });
      const other = new RedisSessionStore(server.url, { ...quiet, prefix: mine });
      await again(() => Promise.all([store.init(), other.init()]));
      const calls: ((id: string) => Promise<unknown>)[] = [
        (id) => store.write(id, { late: true }),
        (id) => store.destroy(id),
        (id) => store.update(id, () => ({ late: true })),
        (id) => store.update(id, () => null),
      ];
      const ids = Array.from({ length: CALLS }, (_, n) => String(n));
      // Half of them are there before.
      for (const id of ids) if (Number(id) % 8 < 4) await store.write(id, { old: true });
      if (fault === 'late') await proxy.set('held');
      const after = ids.map(async (id) => {
        await calls[Number(id) % calls.length]?.(id).catch(() => {});
        // Whatever became of it, it is over; what others do now, stays.
        if (Number(id) % 3 === 0) await other.destroy(id);
        else await other.write(id, { newer: id });
      });
      const deliver = await faults[fault]?.(proxy);
      await Promise.all(after);
      deliver?.();
      await pause(200);
      for (const id of ids) {
        expect([id, await other.read(id)]).toEqual([
          id,
          Number(id) % 3 === 0 ? null : { newer: id },
        ]);
      }
      await Promise.all([store.close(), other.close()]);
      if (given instanceof Redis) given.disconnect();
      await proxy.stop();
    },
    20_000,
  );
});
