import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { testDemo } from '../../../tooling/demo-test.ts';
import { testExamples } from '../../../tooling/examples.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { RedisSessionStore } from '../src/index.ts';
import { emptyDatabase } from './support.ts';

const BOTTENDER = JSON.stringify({
  id: 'telegram:42',
  platform: 'telegram',
  _state: { visits: 3 },
});

const found = await findRedis();
const url = 'reason' in found ? '' : await emptyDatabase(found.url);

describeWith(found, { describe, test }, 'README', (server) => {
  const redis = new Redis(url, { lazyConnect: true });
  beforeAll(async () => {
    // For 'Coming from Bottender': as it writes its sessions, one with a lifetime and one without.
    await redis.set('sessions:telegram:42', BOTTENDER, 'EX', 3600);
    await redis.set('sessions:console:1', BOTTENDER);
    await redis.hset('sessions:of:others', 'a', '1');
    await redis.set('sessions:text:of:others', 'theirs');
  });
  afterAll(async () => {
    await redis.flushdb();
    redis.disconnect();
    await server.stop();
  });

  testExamples(join(import.meta.dirname, '../README.md'), { REDIS_URL: url });

  test('what came from Bottender has what is left of its lifetime, and the old keys are gone', async () => {
    const store = new RedisSessionStore(url, { onWarning: () => {} });
    expect(await store.read('telegram:42')).toEqual(JSON.parse(BOTTENDER));
    const { expiresAt } = (await store.readVersion('telegram:42')) ?? {};
    expect(expiresAt).toBeGreaterThan(Date.now() + 3_500_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
    expect(await store.readVersion('console:1')).toMatchObject({ expiresAt: null });
    expect(await redis.exists('sessions:telegram:42', 'sessions:console:1')).toBe(0);
    expect(await redis.exists('sessions:of:others', 'sessions:text:of:others')).toBe(2);
    await store.close();
  });

  testDemo(url, join(import.meta.dirname, '..'));
});
