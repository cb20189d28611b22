import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { ownRedis } from '../../../tooling/servers/redis.ts';
import type { ServerProcess } from '../../../tooling/servers/server-process.ts';
import { RedisSessionStore, type RedisStoreOptions } from '../src/index.ts';

type Connection = ConstructorParameters<typeof RedisSessionStore>[0];

describeWith(ownRedis(), { describe, test }, 'keys of others under the prefix', ({ start }) => {
  let server: ServerProcess;
  let admin: Redis;

  beforeAll(async () => {
    const deaf = ['--user', 'deaf', 'on', '>deaf', '~*', '+@all', '-scan'];
    server = await start(['--save', '60 1', ...deaf]);
    admin = new Redis(server.port);
  });

  const stores: RedisSessionStore[] = [];
  const open = (connection: Connection, options: RedisStoreOptions) => {
    const store = new RedisSessionStore(connection, options);
    stores.push(store);
    return store;
  };

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await admin.flushall();
  });

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  /** What a store has to say that is opened now. */
  async function warnings(
    options: RedisStoreOptions = {},
    connection: Connection = server.port,
  ): Promise<string[]> {
    const heard: string[] = [];
    const onWarning = ({ message }: Error) => void heard.push(message);
    await open(connection, { ...options, onWarning }).init();
    return heard;
  }

  async function write(prefix: string, ids: readonly string[]): Promise<void> {
    const store = open(server.port, { prefix });
    await Promise.all(ids.map((id) => store.write(id, { id })));
  }

  const seen = (count: number) =>
    expect.stringMatching(new RegExp(`^${count} or more keys .* see 'Coming from Bottender'`));

  test('are told once, with how many were seen, and stay as they are', async () => {
    await write('sessions:', ['telegram:1', '*', 'a']);
    await admin.set('sessions:telegram:1', '{"id":"telegram:1"}');
    await admin.set('sessions:telegram:2', '{"id":"telegram:2"}', 'EX', 1000);
    await admin.hset('sessions:telegram:3', 'id', '1');
    expect(await warnings()).toEqual([seen(3)]);
    expect(await warnings({ prefix: 'sessions' })).toEqual([seen(3)]);
    expect(await admin.get('sessions:telegram:1')).toBe('{"id":"telegram:1"}');
    expect(await admin.dbsize()).toBe(6);
    expect(await warnings({ prefix: 'bot:' })).toEqual([]);
  });

  test('are not those of this store, or of one whose prefix begins with its own', async () => {
    const ids = ['telegram:1', 'a', '%3a', '😀', ' ', '[*]'];
    await write('sessions:', ids);
    await write('sessions:v2:', ids);
    await write('sessions:v2:a:', ids);
    expect(await warnings()).toEqual([]);
    expect(await warnings({ prefix: 'sessions:v2:' })).toEqual([]);
  });

  test('are found where the client has a prefix, too', async () => {
    await admin.set('mine*:sessions:telegram:1', '{}');
    await admin.set('mineX:sessions:telegram:2', '{}');
    const client = { port: server.port, keyPrefix: 'mine*:' };
    expect(await warnings({}, client)).toEqual([seen(1)]);
  });

  test('are no reason to fail for one who may not look', async () => {
    await admin.set('sessions:telegram:1', '{}');
    const client = { port: server.port, username: 'deaf', password: 'deaf' };
    expect(await warnings({}, client)).toEqual([]);
    expect(await warnings({}, { ...client, username: 'default', password: '' })).toEqual([seen(1)]);
  });

  test('are looked for in four steps at most, and never after init', async () => {
    const others = Array.from({ length: 20_000 }, (_, n) => [`others:${n}`, '']);
    await admin.mset(others.flat());
    const scans = async () => {
      const stats = await admin.info('commandstats');
      return Number(/^cmdstat_scan:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
    };
    await admin.config('RESETSTAT');
    const store = await open(server.port, {}).init();
    const looked = await scans();
    expect(looked).toBeGreaterThan(0);
    expect(looked).toBeLessThanOrEqual(4);
    await store.write('a', {});
    await store.update('a', () => ({ n: 1 }));
    await store.read('a');
    expect(await scans()).toBe(looked);
  });
});
