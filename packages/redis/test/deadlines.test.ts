import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionError } from '@sessions/core';
import { Redis, type RedisOptions } from 'ioredis';
import { again, failure } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { ownRedis } from '../../../tooling/servers/redis.ts';
import { freePort, type ServerProcess } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { RedisSessionStore, type RedisStoreOptions } from '../src/index.ts';
import { newPrefix, quiet } from './support.ts';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

/** Bytes in use. */
function memory(): number {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const TIMEOUT = 1000;
const PROMISED = TIMEOUT + 100;
const SLACK = 2000; // for a busy machine: what hangs takes longer

describeWith(ownRedis(), { describe, test }, 'a server that goes away', ({ start }) => {
  let server: ServerProcess;
  let admin: Redis;
  const stores: RedisSessionStore[] = [];
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown) => void uncaught.push(error);

  function open(port: number, options: RedisStoreOptions = {}): RedisSessionStore {
    const store = new RedisSessionStore(port, {
      ...quiet,
      timeout: TIMEOUT,
      prefix: newPrefix(),
      ...options,
    });
    stores.push(store);
    return store;
  }

  beforeAll(async () => {
    process.on('unhandledRejection', onUncaught);
    server = await start(['--save', '', '--enable-debug-command', 'yes']);
    admin = new Redis(server.port, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    admin.on('error', () => {});
  });

  afterEach(async () => {
    server.thaw();
    await server.start();
    await Promise.all(stores.splice(0).map((store) => store.close().catch(() => {})));
    expect(uncaught.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    process.off('unhandledRejection', onUncaught);
    admin.disconnect();
    await server.stop();
  });

  /** The error, which must come in time. */
  async function inTime(call: () => Promise<unknown>): Promise<SessionError> {
    const started = performance.now();
    const error = await failure(call());
    expect(performance.now() - started).toBeLessThan(PROMISED + SLACK);
    return error;
  }

  test('that was never there: unavailable, for that reason, and nothing applied', async () => {
    const port = await freePort();
    const store = open(port);
    for (const call of [
      () => store.init(),
      () => store.write('a', {}),
      () => store.update('a', () => ({})),
      () => store.destroy('a'),
      () => store.all(),
    ]) {
      const error = await inTime(call);
      expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      expect(String(error.cause)).toContain('ECONNREFUSED');
    }
  });

  test('that starts later: the store begins to work by itself', async () => {
    const port = await freePort();
    const store = open(port);
    expect(await failure(store.read('a'))).toMatchObject({ code: 'UNAVAILABLE' });
    const late = await start(['--save', ''], port);
    await again(() => store.write('a', { n: 1 }), 3000);
    expect(await store.read('a')).toEqual({ n: 1 });
    await late.stop();
  });

  test('that is killed: what waits for an answer fails once it is back, as unknown', async () => {
    const store = open(server.port, { timeout: 5000 });
    await again(() => store.write('a', { n: 1 }));
    server.freeze();
    const writing = failure(store.write('a', { n: 2 }));
    await pause(50);
    const started = performance.now();
    await server.kill();
    await server.start();
    expect(await writing).toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
    expect(performance.now() - started).toBeLessThan(2000);
    await again(() => store.write('a', { n: 3 }), 3000);
    expect(await store.read('a')).toEqual({ n: 3 });
  });

  test('that is killed and started: reads wait for it, and so do writes not sent', async () => {
    const store = open(server.port, { timeout: 5000 });
    await again(() => store.write('a', { n: 1 }));
    await server.kill();
    await pause(50);
    const reading = store.read('a');
    const writing = store.write('b', { n: 1 });
    const updating = store.update('c', () => ({ n: 1 }));
    await pause(100);
    await server.start();
    expect(await reading).toBeNull(); // it keeps nothing on disk
    await writing;
    expect(await updating).toEqual({ n: 1 });
    expect(await store.read('b')).toEqual({ n: 1 });
  });

  test('that is down: writes were not applied, and say so', async () => {
    const store = open(server.port);
    await again(() => store.init());
    await server.kill();
    await pause(50);
    for (const call of [
      () => store.write('a', {}),
      () => store.destroy('a'),
      () => store.update('a', () => ({})),
      () => store.read('a'),
    ]) {
      expect(await inTime(call)).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    }
    await server.start();
    await again(() => store.write('a', {}), 3000);
  });

  test.each(['before', 'during'])('that freezes %s a call: in time, and unknown', async (when) => {
    const store = open(server.port);
    await again(() => store.write('a', { n: 1 }));
    if (when === 'before') server.freeze();
    else admin.call('DEBUG', 'SLEEP', '0.3').catch(() => {}); // so that it answers none of them before
    await pause(20);
    const calls: [() => Promise<unknown>, outcome: string][] = [
      [() => store.write('a', { n: 2 }), 'unknown'],
      [() => store.destroy('a'), 'unknown'],
      [() => store.read('a'), 'not-applied'],
      [() => store.update('a', () => ({ n: 3 })), 'not-applied'], // it got no further than reading
    ];
    const all = Promise.all(
      calls.map(async ([call, outcome]) => {
        expect(await inTime(call)).toMatchObject({ code: 'TIMEOUT', outcome });
      }),
    );
    if (when === 'during') server.freeze();
    await all;
    server.thaw();
    await again(() => store.read('a'), 3000);
  });

  test('that freezes for less than the timeout: nothing fails', async () => {
    const store = open(server.port, { timeout: 3000 });
    await again(() => store.write('a', { n: 1 }));
    server.freeze();
    const all = Promise.all([
      store.read('a'),
      store.write('b', { n: 2 }),
      store.update('a', (session) => ({ n: session?.n + 1 })),
    ]);
    await pause(200);
    server.thaw();
    expect(await all).toEqual([{ n: 1 }, undefined, { n: 2 }]);
  });

  test('that thaws: what was given up is not applied any more', async () => {
    const store = open(server.port);
    await again(() => Promise.all(['a', 'b', 'c'].map((id) => store.write(id, { n: 'old' }))));
    server.freeze();
    const given = await Promise.all([
      failure(store.write('a', { n: 'late' })),
      failure(store.destroy('b')),
      failure(store.write('d', { n: 'late' })),
    ]);
    expect(given.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
    server.thaw();
    await again(() => store.read('a'), 3000);
    await pause(100);
    expect(await store.read('a')).toEqual({ n: 'old' });
    expect(await store.read('b')).toEqual({ n: 'old' });
    expect(await store.read('d')).toBeNull();
  });

  test.each<[string, Partial<RedisOptions>]>([
    ['its client gives up sooner', { commandTimeout: 100 }],
    ['its client does not try again', { maxRetriesPerRequest: 0 }],
    ['its client does not connect again', { retryStrategy: () => null }],
  ])('that thaws, where %s: what was given up is not applied any more', async (_, options) => {
    const client = new Redis(server.port, { ...(options as object) });
    client.on('error', () => {});
    const prefix = newPrefix();
    const other = open(server.port, { prefix });
    const store = new RedisSessionStore(client, { ...quiet, prefix, timeout: 1500 });
    await again(() => Promise.all([store.write('a', { n: 'old' }), other.init()]));
    server.freeze();
    const writing = [failure(store.write('a', { n: 'late' })), failure(store.write('b', {}))];
    await pause(200);
    client.stream.destroy();
    const given = await Promise.all(writing);
    expect(given.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);
    server.thaw();
    expect(await again(() => other.read('a'), 3000)).toEqual({ n: 'old' });
    await pause(100);
    expect(await other.read('a')).toEqual({ n: 'old' });
    expect(await other.read('b')).toBeNull();
    await store.close();
    client.disconnect();
  });

  test('a write is not given up either when the connection after its own breaks as well', async () => {
    const proxy = await TcpProxy.to(server.url);
    const prefix = newPrefix();
    const store = open(proxy.port, { prefix, timeout: 3000 });
    const other = open(server.port, { prefix });
    await again(() => Promise.all([store.write('a', { n: 'old' }), other.init()]));
    await proxy.set('held');
    const writing = failure(store.write('a', { n: 'late' }));
    await pause(50);
    proxy.breakAt = /time/i; // the first thing that is asked on a new connection
    await proxy.set('open');
    proxy.hangUp();
    expect(await writing).toMatchObject({ outcome: 'unknown' });
    expect(proxy.breakAt).toBeUndefined();
    await other.write('a', { n: 'newer' });
    proxy.deliver();
    await pause(100);
    expect(await other.read('a')).toEqual({ n: 'newer' });
    await proxy.stop();
  });

  test('calls that the client gives up are bounded, too', async () => {
    const client = new Redis({ port: server.port, commandTimeout: 100 });
    client.on('error', () => {});
    const store = new RedisSessionStore(client, { ...quiet, prefix: newPrefix(), timeout: 3000 });
    await again(() => store.init());
    server.freeze();
    let waiting = 0;
    let most = 0;
    let refused = 0;
    const all: Promise<unknown>[] = [];
    for (let n = 0; n < 40_000; n++) {
      most = Math.max(most, ++waiting);
      const call = failure(store.write(`chat:${n}`, {})).finally(() => waiting--);
      all.push(call.then(({ message }) => message.includes('too many') && refused++));
      if (n % 1000 === 999) await pause(n === 4999 ? 600 : 1);
    }
    await Promise.all(all);
    expect(most).toBeLessThan(13_000); // those refused in one batch among them
    expect(refused).toBeGreaterThan(0); // the fewer, the slower the machine: those that time out make room
    server.thaw();
    await again(() => store.write('a', { n: 1 }), 3000);
    await store.close();
    client.disconnect();
  }, 30_000);

  test('that is replaced: connections of others are left alone', async () => {
    const strangers = Array.from({ length: 12 }, () => new Redis({ port: server.port }));
    for (const stranger of strangers) stranger.on('error', () => {});
    const store = open(server.port, { timeout: 5000 });
    await again(() => store.write('a', { n: 1 }));
    server.freeze();
    const writing = failure(store.write('a', { n: 2 }));
    await pause(50);
    for (const stranger of strangers) stranger.disconnect();
    await server.kill();
    await server.start();
    let closed = 0;
    for (const stranger of strangers) {
      await stranger.connect(); // numbered from the start again
      stranger.on('close', () => closed++);
    }
    expect(await writing).toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
    await again(() => store.read('a'), 3000);
    await pause(300);
    expect(closed).toBe(0);
    for (const stranger of strangers) stranger.disconnect();
  });

  test('that becomes a replica for a while: writes wait for it', async () => {
    const main = await start(['--save', '']);
    const store = open(server.port, { timeout: 5000 });
    await again(() => store.write('a', {}));
    let isOver = false;
    const load = Array.from({ length: 30 }, async (_, n) => {
      while (!isOver) await store.write(`b${n}`, {});
    });
    await admin.call('REPLICAOF', '127.0.0.1', String(main.port));
    await pause(500);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await pause(500);
    isOver = true;
    await Promise.all(load);
    await main.stop();
  });

  test('that is restarted while it is listed: nothing is missing, or there twice', async () => {
    const lasting = await start(['--appendonly', 'yes']);
    const store = open(lasting.port, { timeout: 5000 });
    const ids = Array.from({ length: 8000 }, (_, n) => `id:${n}`);
    await Promise.all(ids.map((id) => store.write(id, { id })));
    const seen: string[] = [];
    for await (const [id] of store.entries()) {
      seen.push(id);
      if (seen.length === ids.length / 2) {
        await lasting.kill('SIGTERM');
        await lasting.start();
      }
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    await lasting.stop();
  });

  test('a listing goes through any number of keys of others in time', async () => {
    const store = open(server.port, { timeout: 300 });
    await again(() => store.write('a', { n: 1 }));
    await admin.call('DEBUG', 'POPULATE', '1000000', 'stranger');
    // All of it takes longer than the timeout; on a busy machine a single step may do so as well.
    expect(await again(() => store.all())).toEqual([{ n: 1 }]);
    await admin.flushall();
  });

  test('reads that are sent again and again do not use up the room for waiting', async () => {
    const proxy = await TcpProxy.to(server.url);
    const client = new Redis({
      port: proxy.port,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 120,
    });
    client.on('error', () => {});
    const store = new RedisSessionStore(client, { ...quiet, timeout: 5000 });
    await again(() => store.init());
    const id = 'é'.repeat(512); // six times as long in the key
    for (let round = 0; round < 30; round++) {
      await proxy.set('stuck');
      const reads = Array.from({ length: 1000 }, () => store.read(id));
      await pause(5);
      proxy.cut();
      await proxy.set('open');
      await Promise.all(reads);
    }
    await proxy.set('down');
    await pause(50);
    const reading = store.read('a');
    await pause(300);
    await proxy.set('open');
    expect(await reading).toBeNull();
    await store.close();
    client.disconnect();
    await proxy.stop();
  }, 60_000);

  test('a destroyed session is not brought back by a write that was given up', async () => {
    const proxy = await TcpProxy.to(server.url);
    const prefix = newPrefix();
    const slow = open(proxy.port, { prefix });
    const other = open(server.port, { prefix });
    await again(() => slow.write('a', { n: 1 }));
    await again(() => other.init());
    server.freeze();
    const given = await Promise.all([
      failure(slow.write('a', { n: 2 })),
      failure(slow.write('new', { n: 2 })),
    ]);
    expect(given.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);
    server.thaw();
    await again(() => other.destroy('a'), 3000);
    await pause(100);
    expect(await other.read('a')).toBeNull();
    expect(await other.read('new')).toBeNull();
    await proxy.stop();
  });

  test('a write is not given up while it may still be applied', async () => {
    const prefix = newPrefix();
    const proxy = await TcpProxy.to(server.url);
    const first = open(proxy.port, { prefix, timeout: 3000 });
    const second = open(server.port, { prefix, timeout: 3000 });
    await again(() => first.write('a', { n: 1 }));
    await again(() => second.init());
    server.freeze();
    const writing = failure(first.write('a', { n: 2 }));
    await pause(50);
    proxy.cut(); // the write lies before the server, whatever becomes of its connection
    await pause(100);
    server.thaw();
    expect(await writing).toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
    await second.write('a', { n: 3 });
    await pause(100);
    expect(await second.read('a')).toEqual({ n: 3 });
    await proxy.stop();
  });

  test('answers that are swallowed: update finds out that it was applied, once', async () => {
    const proxy = await TcpProxy.to(server.url);
    const store = open(proxy.port, { timeout: 2000 });
    await again(() => store.write('a', { n: 1 }));
    let calls = 0;
    const updating = store.update('a', async (session) => {
      if (++calls === 1) {
        await proxy.set('mute'); // the write will arrive, and its answer will not
        setTimeout(() => {
          void proxy.set('open');
          proxy.cut();
        }, 300);
      }
      return { n: session?.n + 1 };
    });
    expect(await updating).toEqual({ n: 2 });
    expect(await store.read('a')).toEqual({ n: 2 });
    expect(calls).toBe(1);
    await proxy.stop();
  });

  test('many updates through a connection that keeps breaking are each applied once', async () => {
    const proxy = await TcpProxy.to(server.url);
    const store = open(proxy.port, { timeout: 4000 });
    await again(() => store.init());
    const ids = ['a', 'b', 'c', 'd'];
    const rounds = 100;
    let calls = 0;
    let acknowledged = 0;
    let unknown = 0;
    await Promise.all(
      ids.map(async (id) => {
        for (let n = 0; n < rounds; n++) {
          const add = (session: { n?: number } | null) => {
            if (++calls % 10 === 0) setImmediate(() => proxy.cut());
            return { n: (session?.n ?? 0) + 1 };
          };
          try {
            await store.update(id, add);
            acknowledged++;
          } catch (error) {
            if ((error as SessionError).outcome === 'unknown') unknown++;
          }
        }
      }),
    );
    expect(proxy.accepted).toBeGreaterThan(10);
    const total = (await again(() => store.all())).reduce((sum, { n }) => sum + n, 0);
    expect(total).toBeGreaterThanOrEqual(acknowledged);
    expect(total).toBeLessThanOrEqual(acknowledged + unknown);
    expect(acknowledged).toBeGreaterThan((ids.length * rounds) / 2);
    await proxy.stop();
  }, 30_000);

  test('a connection that swallows everything is replaced', async () => {
    const proxy = await TcpProxy.to(server.url);
    const store = open(proxy.port);
    await again(() => store.write('a', { n: 1 }));
    await proxy.set('stuck');
    expect(await inTime(() => store.read('a'))).toMatchObject({ code: 'TIMEOUT' });
    const accepted = proxy.accepted;
    await pause(1500); // while it is stuck, new connections get as far as the handshake
    expect(proxy.accepted).toBeGreaterThan(accepted);
    await proxy.set('open');
    expect(await again(() => store.read('a'), 3000)).toEqual({ n: 1 });
    await proxy.stop();
  });

  test.each(['down', 'frozen'])(
    '100,000 calls while it is %s take bounded memory, and none is applied later',
    async (how) => {
      const store = open(server.port, { timeout: 1500 });
      await again(() => store.init());
      if (how === 'down') await server.kill();
      else server.freeze();
      await pause(50);
      const text = 'x'.repeat(1000);
      const before = memory();
      const outcomes: Record<string, number> = {};
      let most = 0;
      let calls = 0;
      const started = performance.now();
      const all: Promise<void>[] = [];
      while (calls < 100_000) {
        for (let n = 0; n < 1000; n++) {
          const write = store.write(`chat:${calls++}`, { text, calls });
          all.push(
            write.catch(({ outcome }: SessionError) => {
              outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
            }),
          );
        }
        await pause(calls === 5000 ? 600 : 1); // until the store sees that no answers come
        if (calls % 20_000 === 0) most = Math.max(most, memory() - before);
      }
      const asked = performance.now() - started;
      await Promise.all(all);
      expect(performance.now() - started - asked).toBeLessThan(1500 + 3000);
      const { unknown = 0, 'not-applied': not = 0 } = outcomes;
      expect(unknown + not).toBe(100_000);
      if (how === 'down') expect(unknown).toBe(0);
      else expect(unknown).toBeLessThan(10_000);
      expect(most / 1024 / 1024).toBeLessThan(80); // the sessions alone were 100
      if (how === 'down') await server.start();
      else server.thaw();
      expect(await again(() => store.read('chat:1'), 5000)).toBeNull();
      expect(await store.all()).toEqual([]);
    },
    150_000,
  );

  test('a process that was busy reads what has come before it gives a connection up', async () => {
    const connections = async () =>
      /total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1];
    const client = new Redis(server.port, { retryStrategy: () => 50 });
    const hasty = new RedisSessionStore(client, { ...quiet, prefix: newPrefix(), timeout: 100 });
    const patient = new RedisSessionStore(client, { ...quiet, prefix: newPrefix() });
    stores.push(hasty, patient);
    try {
      await again(() => Promise.all([hasty.init(), patient.init()]));
      const before = await connections();
      server.freeze();
      const late = failure(hasty.write('a', { n: 0 }));
      const first = patient.write('a', { n: 1 });
      await pause(30); // sent
      server.thaw();
      const end = performance.now() + 300;
      while (performance.now() < end);
      await Promise.all([first, patient.write('b', { n: 2 })]);
      expect(await late).toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' });
      expect(await connections()).toBe(before);
    } finally {
      client.disconnect();
    }
  });

  test('a burst may wait for a server that answers, as far as the memory allows', async () => {
    const store = open(server.port, { timeout: 20_000 });
    const large = open(server.port, { timeout: 1500 });
    await again(() => Promise.all([store.init(), large.init()]));
    await Promise.all(Array.from({ length: 30_000 }, (_, n) => store.write(`chat:${n}`, { n })));
    server.freeze();
    const text = 'x'.repeat(500_000);
    const errors = await Promise.all(
      Array.from({ length: 1200 }, (_, n) => failure(large.write(`chat:${n}`, { text }))),
    );
    const refused = errors.filter(({ message }) => message.includes('too many calls'));
    expect(refused.length).toBeGreaterThan(50);
    expect(refused.length).toBeLessThan(400);
    expect(new Set(refused.map(({ outcome }) => outcome))).toEqual(new Set(['not-applied']));
  }, 60_000);

  test('a server whose clock is ahead or behind is understood', async () => {
    // No server lets its clock be set, so ours is set in its place: the store knows only the
    // difference.
    const real = performance.now;
    const store = open(server.port, { timeout: 2000 });
    await again(() => store.write('a', { n: 1 }));
    let shift = 0;
    performance.now = () => real.call(performance) + shift;
    try {
      for (shift of [-60_000, 60_000, 0]) {
        await store.write('a', { shift });
        expect(await store.read('a')).toEqual({ shift });
        await store.update('a', (session) => ({ ...session, updated: true }));
        expect(await store.read('a')).toEqual({ shift, updated: true });
      }
    } finally {
      performance.now = real;
    }
  });

  test('scripts that were flushed are sent again', async () => {
    const store = open(server.port, { timeout: 2000 });
    for (let n = 0; n < 5; n++) {
      await store.write('a', { n });
      await admin.script('FLUSH');
      expect(await store.update('a', (session) => ({ ...session, u: true }))).toEqual({
        n,
        u: true,
      });
      await admin.script('FLUSH');
      await Promise.all(['a', 'b', 'c'].map((id) => store.destroy(id)));
    }
  });
});
