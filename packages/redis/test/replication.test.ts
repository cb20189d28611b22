import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionError } from '@sessions/core';
import { Redis } from 'ioredis';
import { again, failure } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import {
  command,
  ownRedis,
  type SentinelServers,
  startSentinel,
} from '../../../tooling/servers/redis.ts';
import { until } from '../../../tooling/servers/server-process.ts';
import { RedisSessionStore } from '../src/index.ts';
import { newPrefix, quiet } from './support.ts';

const own = ownRedis();
const servers = 'reason' in own ? own : await startSentinel(2);

describeWith(servers, { describe, test }, 'replicas', (all: SentinelServers) => {
  const given = () => ({
    sentinels: all.sentinels.map((port) => ({ host: '127.0.0.1', port })),
    name: all.name,
  });
  const [master, ...replicas] = all.nodes;
  let admin: Redis;

  beforeAll(() => {
    admin = new Redis(master?.port ?? 0);
    admin.on('error', () => {});
  });

  afterAll(async () => {
    admin.disconnect();
    await all.stop();
  });

  test.each(['', 'mine:'])(
    'a write that waits for replicas is on all of them (prefix %j)',
    async (keyPrefix) => {
      const prefix = newPrefix();
      const store = new RedisSessionStore(
        { port: master?.port ?? 0, keyPrefix },
        { ...quiet, prefix, replicas: 2 },
      );
      const read = async (port: number) => {
        const replica = new Redis(port);
        const value = await replica.get(`${keyPrefix}${prefix}a`);
        replica.disconnect();
        return value;
      };
      for (let n = 0; n < 20; n++) {
        await store.update('a', () => ({ n }));
        for (const { port } of replicas) expect(await read(port)).toContain(`{"n":${n}}`);
      }
      await Promise.all(Array.from({ length: 50 }, (_, n) => store.write(`b${n}`, { n })));
      expect(await store.all()).toHaveLength(51);
      await store.destroy('a');
      await store.destroy('a');
      for (const { port } of replicas) expect(await read(port)).toBeNull();
      await store.close();
    },
  );

  test('a write that too few replicas have is an error, and may be there', async () => {
    const prefix = newPrefix();
    const options = { ...quiet, prefix, timeout: 3000 };
    const store = new RedisSessionStore(master?.port, { ...options, replicas: 3 });
    const plain = new RedisSessionStore(master?.port, options);
    await admin.script('FLUSH'); // as on a server that has just started
    const started = performance.now();
    expect(await failure(store.write('a', { n: 1 }))).toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'unknown',
      message: expect.stringContaining('3 replicas'),
    });
    expect(performance.now() - started).toBeLessThan(3000 + 2000);
    expect(await plain.read('a')).toEqual({ n: 1 });
    const updating = store.update('a', (session) => ({ n: session?.n + 1 }));
    expect(await failure(updating)).toMatchObject({ outcome: 'unknown' });
    expect(await plain.read('a')).toEqual({ n: 2 });
    await Promise.all([store.close(), plain.close()]);
  });

  test('the master is killed under load: it goes on after the promotion, and loses nothing that replicas had', async () => {
    const prefix = newPrefix();
    const store = new RedisSessionStore(given(), { ...quiet, prefix, replicas: 1, timeout: 3000 });
    await store.init();
    const ids = Array.from({ length: 8 }, (_, n) => `chat:${n}`);
    const acknowledged = new Map(ids.map((id) => [id, 0]));
    const unknown = new Map(ids.map((id) => [id, 0]));
    const count = (counts: Map<string, number>, id: string) =>
      counts.set(id, (counts.get(id) ?? 0) + 1);
    let isOver = false;
    let afterwards = 0;
    let isKilled = false;
    const load = ids.map(async (id) => {
      while (!isOver) {
        try {
          await store.update(id, (session) => ({ n: (session?.n ?? 0) + 1 }));
          count(acknowledged, id);
          if (isKilled) afterwards++;
        } catch (error) {
          if ((error as SessionError).outcome === 'unknown') count(unknown, id);
        }
      }
    });
    await until(() => [...acknowledged.values()].every((n) => n > 50), 'load');
    await master?.kill();
    isKilled = true;
    await until(() => afterwards > 200, 'updates after the promotion', 30_000);
    isOver = true;
    await Promise.all(load);
    for (const id of ids) {
      const n = (await again(() => store.read(id)))?.n;
      expect(n).toBeGreaterThanOrEqual(acknowledged.get(id) ?? 0);
      expect(n).toBeLessThanOrEqual((acknowledged.get(id) ?? 0) + (unknown.get(id) ?? 0));
    }
    const isPromoted = async () => {
      const view = await command(all.sentinels[0] ?? 0, 'SENTINEL', 'MASTER', all.name);
      return !view.includes(`\r\n${master?.port}\r\n`);
    };
    await until(isPromoted, 'a new master');
    await store.close();
    await master?.start();
  }, 60_000);
});
