import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { Redis } from 'ioredis';
import { failure } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { RedisSessionStore, type RedisStoreOptions } from '../src/index.ts';
import { corrupt, newPrefix, quiet, removeAll, WAYS } from './support.ts';

describeWith(await findRedis(), { describe, test }, 'keys', (server) => {
  let admin: Redis;
  const base = newPrefix();
  const stores: RedisSessionStore[] = [];

  function open(
    prefix: string,
    options: RedisStoreOptions = {},
    url = server.url,
  ): RedisSessionStore {
    const store = new RedisSessionStore(url, { ...quiet, ...options, prefix });
    stores.push(store);
    return store;
  }

  beforeAll(async () => {
    admin = new Redis(server.url);
    await admin.ping();
  });

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await removeAll(admin, base);
  });

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  test('the layout is as documented, and carries the lifetime', async () => {
    const clock = Date.now();
    const store = open(base, { expiresIn: 10, now: () => clock });
    await store.write('telegram:{42}*', { greeting: 'hé' });
    const key = `${base}telegram%3A%7B42%7D%2A`;
    const value = (await admin.get(key)) ?? '';
    expect(value).toMatch(/^s1 18 \d+ [\w-]{10,}\n{"greeting":"hé"}$/);
    expect(value.split(' ')[2]).toBe(String(clock + 600_000));
    const ttl = await admin.pttl(key);
    expect(ttl).toBeGreaterThan(590_000);
    expect(ttl).toBeLessThanOrEqual(600_000);
    await open(base, { expiresIn: Infinity }).write('telegram:{42}*', {});
    expect(await admin.pttl(key)).toBe(-1);
    await store.touch('telegram:{42}*');
    expect(await admin.pttl(key)).toBeGreaterThan(590_000);
  });

  test('a lifetime of a fraction of a millisecond is one', async () => {
    const store = open(base, { expiresIn: 0.000_001 });
    await store.write('a', {});
    expect(await store.read('a')).toBeNull();
  });

  test.each([
    ['', 'v2:'],
    ['', ':'],
    ['*:', 'x:'],
    ['[ab]:', 'a:'],
    ['?:', 'a:'],
    ['\\:', ':'],
    ['{x}:', '{y}:'],
    ['%:', '%25:'],
  ])('prefixes %p and %p do not see each other', async (one, two) => {
    const [first, second] = [open(base + one), open(base + two)];
    for (const id of ['a', 'v2:a', ':', 'x:a', '*']) {
      await first.write(id, { first: id });
      await second.write(id, { second: id });
    }
    await second.destroy('a');
    expect(await first.read('a')).toEqual({ first: 'a' });
    expect((await first.all()).every((session) => 'first' in session)).toBe(true);
    expect(await first.all()).toHaveLength(5);
    expect(await second.all()).toHaveLength(4);
    expect(await first.prune()).toBe(0);
  });

  test('keys of others are neither listed nor touched', async () => {
    const others = [`${base}a:b`, `${base}{a}`, `${base}a b`, `${base}%3a`, `${base}%zz`, base];
    for (const key of others) await admin.set(key, 'theirs');
    const heard: Error[] = [];
    const store = open(base, { onWarning: (warning) => void heard.push(warning) });
    await store.init();
    heard.length = 0;
    await store.write('a', { n: 1 });
    expect(await store.all()).toEqual([{ n: 1 }]);
    expect(await store.prune()).toBe(0);
    expect(heard).toEqual([]);
    for (const key of others) expect(await admin.get(key)).toBe('theirs');
  });

  test.each(Array.from({ length: WAYS }, (_, n) => n))(
    'a foreign value is corrupt (%p)',
    async (way) => {
      const heard: Error[] = [];
      const store = open(base, { onWarning: (warning) => void heard.push(warning) });
      await store.write('secret-id', { secret: 'secret-data' });
      heard.length = 0;
      await corrupt(admin, `${base}secret-id`, way);
      const before = await admin.dump(`${base}secret-id`);
      for (const call of [
        () => store.read('secret-id'),
        () => store.write('secret-id', {}),
        () => store.update('secret-id', () => ({})),
        () => store.touch('secret-id'),
      ]) {
        const error = await failure(call());
        expect(error).toMatchObject({ code: 'CORRUPT', idHash: hashId('secret-id') });
        expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret-(id|data)/);
      }
      expect(await store.all()).toEqual([]);
      expect(heard).toEqual([expect.objectContaining({ code: 'CORRUPT' })]);
      expect(await admin.dump(`${base}secret-id`)).toBe(before);
      await store.destroy('secret-id');
      expect(await admin.exists(`${base}secret-id`)).toBe(0);
    },
  );

  test.each([
    's1 2 - e\n[]',
    's1 4 - e\nnull',
    's1 2 x e\n{}',
    's1 2 1e9 e\n{}',
    's1 2 - \n{}',
    's1 2  e\n{}',
    's2 2 - e\n{}',
    's1 2 - e\n{',
    `s1 2 - ${'e'.repeat(2000)}\n{}`,
  ])('%j is corrupt, to who reads and to who writes', async (value) => {
    await admin.set(`${base}a`, value);
    const store = open(base);
    for (const call of [
      () => store.read('a'),
      () => store.write('a', { n: 1 }),
      () => store.update('a', () => ({ n: 1 })),
      () => store.write('a', { n: 1 }, { ifMatch: null }),
    ]) {
      expect(await failure(call())).toMatchObject({ code: 'CORRUPT' });
    }
    expect(await admin.get(`${base}a`)).toBe(value);
    await store.destroy('a');
    expect(await store.read('a')).toBeNull();
  });

  test('JSON that is damaged inside is corrupt to who reads; a write takes its place', async () => {
    await admin.set(`${base}a`, 's1 5 - e\n{"a"}');
    const store = open(base);
    expect(await failure(store.read('a'))).toMatchObject({ code: 'CORRUPT' });
    await store.write('a', { n: 1 });
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('a line that is longer than most is read all the same', async () => {
    const etag = 'e'.repeat(400);
    const store = open(base);
    await admin.set(`${base}a`, `s1 7 - ${etag}\n{"n":1}`);
    expect(await store.update('a', (session) => ({ n: session?.n + 1 }))).toEqual({ n: 2 });
    await store.write('a', { n: 3 });
    expect((await admin.get(`${base}a`))?.split('\n')[0]?.split(' ').at(-1)).toBe(etag);
    // Where it ends just where the short look ends, the session begins after it.
    const exact = 'e'.repeat(192 - 's1 7 - \n'.length);
    await admin.set(`${base}b`, `s1 7 - ${exact}\n{"n":1}`);
    await store.write('b', { n: 2 });
    expect(await store.read('b')).toEqual({ n: 2 });
  });

  test('a session of a mebibyte and the longest history come back', async () => {
    const store = open(base);
    const text = 'é'.repeat(512 * 1024);
    for (let n = 0; n < 12; n++) await store.update('a', () => ({ n, text }));
    expect(await store.read('a')).toEqual({ n: 11, text });
    const head = ((await admin.get(`${base}a`)) ?? '').split('\n')[0] ?? '';
    expect(head.split(' ')).toHaveLength(4 + 8);
  });

  test('listing gives each session once, whatever grows and shrinks meanwhile', async () => {
    const store = open(base);
    const ids = Array.from({ length: 2000 }, (_, n) => `stays:${n}`);
    await Promise.all(ids.map((id) => store.write(id, { id })));
    const many = Array.from({ length: 20_000 }, (_, n) => String(n));
    await admin.mset(many.flatMap((n) => [`${base}-${n}`, '']));
    const seen: string[] = [];
    for await (const [id] of store.entries()) {
      seen.push(id);
      // The table of keys shrinks and grows while it is gone through; SCAN may repeat itself.
      if (seen.length === 100) {
        await admin.del(many.map((n) => `${base}-${n}`));
        await pause(200); // the server shrinks it ten times a second
      }
      if (seen.length === 1000) await admin.mset(many.flatMap((n) => [`${base}x:${n}`, '']));
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
  }, 30_000);

  test('one reply, one request: reads, writes and updates take no more round trips', async () => {
    const proxy = await TcpProxy.to(server.url);
    const store = open(base, {}, proxy.url);
    await store.write('a', { n: 1 });
    await store.destroy('b'); // from here on the server knows both scripts
    const commands = async (call: () => Promise<unknown>): Promise<(string | undefined)[]> => {
      let sent = '';
      proxy.onRequest = (data) => {
        sent += data;
      };
      await call();
      return [...sent.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)].map(([, name]) => name);
    };
    expect(await commands(() => store.read('a'))).toEqual(['get']);
    expect(await commands(() => store.write('a', { n: 2 }))).toEqual(['evalsha']);
    expect(await commands(() => store.update('a', () => ({ n: 3 })))).toEqual(['get', 'evalsha']);
    expect(await commands(() => store.destroy('a'))).toEqual(['evalsha']);
    await proxy.stop();
  });
});
