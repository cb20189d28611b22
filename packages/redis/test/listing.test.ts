import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { listed } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis, ownRedis } from '../../../tooling/servers/redis.ts';
import type { ServerProcess } from '../../../tooling/servers/server-process.ts';
import { RedisSessionStore, type RedisStoreOptions } from '../src/index.ts';
import { RedisDriver } from '../src/redis-driver.ts';
import { corrupt, newPrefix, quiet, removeAll, WAYS } from './support.ts';

describeWith(await findRedis(), { describe, test }, 'listing', (server) => {
  let admin: Redis;
  const base = newPrefix();
  const opened: { close(): unknown }[] = [];

  function open(prefix: string = base, options: RedisStoreOptions = {}): RedisSessionStore {
    const store = new RedisSessionStore(server.url, { ...quiet, ...options, prefix });
    opened.push(store);
    return store;
  }

  beforeAll(async () => {
    admin = new Redis(server.url);
    await admin.ping();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await removeAll(admin, base);
  });

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  const ODD = ['*', '[', '[a]', '%', '%2', '%25', ':', '::', '\\', '?', '^', '{', "('", '\0', ' '];
  const LETTERS = ['é', 'e\u0301', '\u20ac', '😀', '😁', '\u{10ffff}'];
  const STARTS = ['a', ...ODD, ...LETTERS];

  test.each(['', ...STARTS, 'none'])('the server tells what begins with %j', async (prefix) => {
    const ids = STARTS.flatMap((start) => [start, `${start}a`, `${start}*:😀`, `a${start}`]);
    const sought = [...new Set(ids)].filter((id) => id.startsWith(prefix)).sort();
    const store = await open().init();
    await Promise.all(ids.map((id) => store.write(id, { id })));
    // By the driver alone, as the store would pass over what is too much.
    const driver = new RedisDriver(server.url, { prefix: base });
    opened.push(driver);
    await driver.open(5000, () => {});
    const alone = await listed(driver.ids?.(prefix) ?? []);
    expect(alone.filter((id) => id !== null).sort()).toEqual(sought);
    const entries = await listed(driver.entries(prefix));
    const withRecords = entries.flatMap((entry) => (Array.isArray(entry) ? [entry[0]] : []));
    expect(withRecords.sort()).toEqual(sought);
    expect((await listed(store.ids({ prefix }))).sort()).toEqual(sought);
    const versions = await listed(store.versions({ prefix }));
    expect(versions.map(([id]) => id).sort()).toEqual(sought);
  });

  test('ids leaves out what has expired, by whatever clock', async () => {
    const [lasting, brief] = [open(), open(base, { expiresIn: 1 / 60_000 })];
    await lasting.write('lasting', {});
    await brief.write('brief', {});
    while ((await admin.exists(`${base}brief`)) === 1);
    expect(await listed(lasting.ids())).toEqual(['lasting']);

    let now = Date.now();
    const dated = open(base, { expiresIn: 60, now: () => now });
    await dated.write('dated', {});
    expect((await listed(dated.ids())).sort()).toEqual(['dated', 'lasting']);
    now += 60 * 60_000;
    expect(await listed(dated.ids())).toEqual(['lasting']);
  });

  test('ids tells what is corrupt, too', async () => {
    const store = open();
    for (let way = 0; way < WAYS; way++) {
      await store.write(`corrupt:${way}`, {});
      await corrupt(admin, `${base}corrupt%3A${way}`, way);
    }
    await store.write('a', {});
    expect(await listed(store.ids())).toHaveLength(WAYS + 1);
    expect(await listed(store.entries())).toEqual([['a', {}]]);
  });

  test('clear destroys sessions of the store that begin so, and nothing else', async () => {
    const heard: Error[] = [];
    const store = await open(base, { onWarning: (warning) => void heard.push(warning) }).init();
    const other = open(`${base}v2:`);
    const neighbours = ['user:1', 'user:10:a', 'user:2:a', 'User:1:a', 'user'];
    for (const id of [...neighbours, 'user:1:a', 'user:1:b', 'user:1:']) await store.write(id, {});
    await other.write('user:1:a', { other: true });
    for (let way = 0; way < WAYS; way++) {
      await store.write(`user:1:corrupt${way}`, {});
      await corrupt(admin, `${base}user%3A1%3Acorrupt${way}`, way);
    }
    const theirs = [`${base}user:1:a`, `${base}user%3a1%3aa`, `${base}user%3A1%3A%zz`];
    for (const key of theirs) await admin.set(key, 'theirs');
    const before = (await admin.keys(`${base}*`)).length;
    heard.length = 0;

    expect(await store.clear({ prefix: 'user:1:' })).toBe(3);
    expect((await admin.keys(`${base}*`)).length).toBe(before - 3);
    expect(heard.map((warning) => (warning as { code?: string }).code)).toEqual(
      Array.from({ length: WAYS }, () => 'CORRUPT'),
    );
    expect((await listed(store.entries())).map(([id]) => id).sort()).toEqual(neighbours.sort());

    expect(await store.clear()).toBe(neighbours.length);
    expect((await admin.keys(`${base}*`)).length).toBe(theirs.length + WAYS + 1);
    expect(await listed(other.entries())).toEqual([['user:1:a', { other: true }]]);
  });
});

describeWith(ownRedis(), { describe, test }, 'listing alone on a server', ({ start }) => {
  const opened: { close(): unknown }[] = [];
  let server: ServerProcess;
  let admin: Redis;

  beforeAll(async () => {
    server = await start(['--save', '']);
    admin = new Redis(server.port);
  });

  afterAll(async () => {
    await Promise.all(opened.map((each) => each.close()));
    admin.disconnect();
    await server.stop();
  });

  test('10,000 ids of 20,000 take a few dozen SCANs, and no session is read', async () => {
    const store = new RedisSessionStore(server.port, quiet);
    opened.push(store);
    const ids = Array.from({ length: 20_000 }, (_, n) => `chat:${n % 2}:${n}`);
    const key = (id: string) => `sessions:${encodeURIComponent(id)}`;
    await admin.mset(ids.flatMap((id) => [key(id), 's1 2 - e\n{}']));
    expect(await store.read('chat:1:1')).toEqual({});
    await admin.config('RESETSTAT');
    const found = await listed(store.ids({ prefix: 'chat:1:' }));
    const stats = await admin.info('commandstats');
    const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, count]) => [
      name,
      Number(count),
    ]);
    const { scan, ...others } = Object.fromEntries(calls);
    expect(scan).toBeGreaterThan(10);
    expect(scan).toBeLessThan(40);
    expect(Object.keys(others)).toEqual([expect.stringMatching(/^config/)]);
    expect(found.sort()).toEqual(ids.filter((id) => id.startsWith('chat:1:')).sort());
  });
});
