import { writeFile } from 'node:fs/promises';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { RedisSessionStore as BottenderRedis } from 'bottender';
import { Redis } from 'ioredis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { emptyDatabase } from '../../redis/test/support.ts';
import { type Migrated, migrate, type Problem } from '../src/index.ts';
import { countIn, countingBot } from './counting-bot.ts';
import { project, run } from './support.ts';

const none: Migrated = { copied: 0, kept: 0, expired: 0, problems: 0 };
const found = await findRedis();
const url = 'reason' in found ? '' : await emptyDatabase(found.url);

describeWith(found, { describe, test }, 'from Redis', (server) => {
  const redis = new Redis(url, { lazyConnect: true });
  const quiet = { onWarning: () => {} };
  const old: BottenderRedis[] = [];
  beforeEach(() => redis.flushdb());
  afterAll(async () => {
    await redis.flushdb();
    redis.disconnect();
    for (const store of old) getRedis(store).disconnect();
    await server.stop();
  });

  const getRedis = (store: BottenderRedis) =>
    (store as unknown as { _cache: { getRedis(): Redis } })._cache.getRedis();

  function bottender(options: object = {}, expiresIn = 0): BottenderRedis {
    const { hostname: host, port, pathname } = new URL(url);
    const store = new BottenderRedis(
      { host, port: Number(port), db: Number(pathname.slice(1)), ...options },
      expiresIn,
    );
    old.push(store);
    return store;
  }

  async function move(from: string, to: string, options: object = {}) {
    const problems: Problem[] = [];
    const folder = await project('@sessions/file', '@sessions/redis', 'ioredis');
    const onProblem = (problem: Problem) => void problems.push(problem);
    const migrated = await migrate(from, to, { folder, onProblem, ...options });
    return { migrated, problems };
  }

  test('into the same database, with what is left of each lifetime', async () => {
    await countingBot(bottender({}, 60))(42);
    await countingBot(bottender())(43);
    const before = [await redis.get('telegram:42'), await redis.get('telegram:43')];
    await redis.expire('telegram:42', 600);
    expect(await move(url, url)).toEqual({ migrated: { ...none, copied: 2 }, problems: [] });
    const store = new RedisSessionStore(url, quiet);
    const [one, other] = [
      await store.readVersion('telegram:42'),
      await store.readVersion('telegram:43'),
    ];
    expect([one?.session, other?.session]).toEqual(before.map((text) => JSON.parse(text ?? '')));
    expect(one?.expiresAt).toBeGreaterThan(Date.now() + 570_000);
    expect(one?.expiresAt).toBeLessThanOrEqual(Date.now() + 600_000);
    expect(other?.expiresAt).toBeNull();
    expect(await redis.mget('telegram:42', 'telegram:43')).toEqual(before);

    await countingBot(store)(42);
    expect(await move(url, url)).toEqual({ migrated: { ...none, kept: 2 }, problems: [] });
    expect(await countIn(store, 'telegram:42')).toBe(2);
    await store.close();
  });

  test('with a keyPrefix of any characters, and only what is behind it', async () => {
    const keyPrefix = 'b*t[1]?:';
    await countingBot(bottender({ keyPrefix }))(42);
    await countingBot(bottender())(43);
    const to = await project();
    const from = `${url}?keyPrefix=${encodeURIComponent(keyPrefix)}`;
    expect((await move(from, `file:${to}`)).migrated).toEqual({ ...none, copied: 1 });
    expect(await countIn(new FileSessionStore(to), 'telegram:42')).toBe(1);
  });

  test('with the keyPrefix that is the prefix of the new store', async () => {
    await countingBot(bottender({ keyPrefix: 'sessions:' }))(42);
    const from = `${url}?keyPrefix=sessions:`;
    expect(await move(from, url)).toEqual({ migrated: { ...none, copied: 1 }, problems: [] });
    expect(await move(from, url)).toEqual({ migrated: { ...none, kept: 1 }, problems: [] });
    await redis.del('sessions:telegram:42');
    const store = new RedisSessionStore(url, quiet);
    expect(await countIn(store, 'telegram:42')).toBe(1);
    await store.close();
  });

  test('keys of others are told of, and stay', async () => {
    await countingBot(bottender())(42);
    await redis.set('cache:page', '<html>');
    await redis.set('cache:user', '{"name":"Ada"}');
    await redis.set('cache:copy', '{"id":"telegram:42"}');
    await redis.set('count', '7');
    await redis.set('empty', '');
    await redis.hset('hash', 'a', '1');
    const { migrated, problems } = await move(url, `file:${await project()}`);
    expect(migrated).toEqual({ ...none, copied: 1, problems: 6 });
    expect(problems.map(({ name, problem }) => `${name}: ${problem}`).sort()).toEqual([
      'cache:copy: the id in it is not the key',
      'cache:page: it is no JSON object',
      'cache:user: the id in it is not the key',
      'count: it is no JSON object',
      'empty: it is no JSON object',
      'hash: it is no JSON object',
    ]);
    expect(await redis.dbsize()).toBe(7);
    await redis.del('hash');
    expect(await bottender().all()).toContain('<html>'); // as the README tells
  });

  test('more sessions than one page of keys, each once', async () => {
    const pipeline = redis.pipeline();
    for (let n = 0; n < 2000; n++) pipeline.set(`telegram:${n}`, `{"id":"telegram:${n}"}`);
    await pipeline.exec();
    expect((await move(url, url)).migrated).toEqual({ ...none, copied: 2000 });
    const store = new RedisSessionStore(url, quiet);
    expect(await store.all()).toHaveLength(2000);
    await store.close();
  });

  test('by the command, with the client that Bottender has brought', async () => {
    await countingBot(bottender())(42);
    const folder = await project('@sessions/file', 'bottender');
    expect(await run(folder, 'migrate', url, 'file:./new')).toEqual({
      code: 0,
      stdout: '1 copied, 0 there already, 0 expired, 0 not understood\n',
      stderr: '',
    });
  });

  test('lifetimes are those of the keys: another one is refused', async () => {
    await expect(move(url, url, { expiresIn: 60 })).rejects.toThrow('lifetimes of their own');
  });
});

test('a Redis that is not there: code 1, and why', async () => {
  for (const client of ['ioredis', 'bottender']) {
    const folder = await project('@sessions/file', client);
    const ran = await run(folder, 'migrate', 'redis://127.0.0.1:1', 'file:./new');
    expect(ran).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('ECONNREFUSED'),
    });
  }
});

test('a new store that is not there: code 1, and why; nothing is counted', async () => {
  const folder = await project('@sessions/redis');
  await writeFile(`${folder}/console:1.json`, '{"id":"console:1"}');
  const ran = await run(folder, 'migrate', 'file:.', 'redis://127.0.0.1:1');
  expect(ran).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('(UNAVAILABLE)'),
  });
});
