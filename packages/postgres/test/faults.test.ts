import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionError } from '@sessions/core';
import { Client, Pool } from 'pg';
import { again, failure } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { answers, ownPostgres } from '../../../tooling/servers/postgres.ts';
import { testRandomFaults } from '../../../tooling/servers/random-faults.ts';
import type { ServerContainer } from '../../../tooling/servers/server-container.ts';
import { freePort, until } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.ts';
import { newTable } from './support.ts';

const TIMEOUT = 1000;
const SLACK = 2000; // for a busy machine: what hangs takes longer
const SECONDS = 6; // of random faults
const LANES = 30;

describeWith(await ownPostgres(), { describe, test }, 'a server that goes away', ({ start }) => {
  let server: ServerContainer;
  const stores: PostgresSessionStore[] = [];
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown) => void uncaught.push(error);

  beforeAll(async () => {
    process.on('unhandledRejection', onUncaught);
    server = await start();
  }, 60_000);

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    if (!(await answers(server.url))) await restart(); // after a test that failed
    expect(uncaught.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    process.off('unhandledRejection', onUncaught);
    await server.stop();
  });

  function open(url = server.url, options: PostgresStoreOptions = {}): PostgresSessionStore {
    const store = new PostgresSessionStore(url, {
      timeout: TIMEOUT,
      table: newTable(),
      ...options,
    });
    stores.push(store);
    return store;
  }

  const calls = (store: PostgresSessionStore) => [
    () => store.write('a', { n: 2 }),
    () => store.destroy('a'),
    () => store.update('a', () => ({ n: 2 })),
    () => store.read('a'),
    () => store.all(),
    () => store.prune(),
  ];

  /** The errors, which must come in time, of all calls made at once. */
  function inTime(store: PostgresSessionStore): Promise<SessionError[]> {
    return Promise.all(
      calls(store).map(async (call) => {
        const started = performance.now();
        const error = await failure(call());
        expect(performance.now() - started).toBeLessThan(TIMEOUT + 100 + SLACK);
        return error;
      }),
    );
  }

  async function restart(): Promise<void> {
    await server.start();
    await until(() => answers(server.url), 'the server');
  }

  test('that was never there: unavailable, for that reason, and nothing applied', async () => {
    const store = open(`postgres://127.0.0.1:${await freePort()}`);
    for (const error of await inTime(store)) {
      expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  test('that is down: nothing was applied, and once it is back all is there', async () => {
    const store = open();
    await again(() => store.write('a', { n: 1 }));
    await server.kill();
    for (const error of await inTime(store)) {
      expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    }
    await restart();
    expect(await again(() => store.read('a'))).toEqual({ n: 1 });
  });

  test('that comes back in time: calls wait for it', async () => {
    const store = open(server.url, { timeout: 15_000 });
    await store.write('a', { n: 1 });
    await server.kill();
    const waiting = Promise.all([
      store.read('a'),
      store.write('b', { n: 1 }),
      store.update('c', () => ({ n: 1 })),
    ]);
    await pause(200);
    await restart();
    expect((await waiting)[0]).toEqual({ n: 1 });
    expect(await store.read('b')).toEqual({ n: 1 });
  });

  test('that freezes: every call ends in time, and nothing of it is applied later', async () => {
    const store = open();
    const five = ['a', 'b', 'c', 'd', 'e']; // as many as the pool has connections
    await Promise.all(five.map((id) => again(() => store.write(id, { n: 1 }))));
    await server.freeze();
    const errors = await inTime(store);
    expect(errors.map(({ code }) => code)).toEqual(
      errors.map(() => expect.stringMatching(/TIME|UNA/)),
    );
    expect(errors.slice(0, 2).map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);
    expect(errors.slice(3, 5).map(({ outcome }) => outcome)).toEqual([
      'not-applied',
      'not-applied',
    ]);
    await server.thaw();
    expect(await again(() => store.read('a'))).toEqual({ n: 1 });
    await pause(200);
    expect(await again(() => store.read('a'))).toEqual({ n: 1 });
  });

  test('that dies with a write under way: unknown, and an update finds out', async () => {
    const table = newTable();
    const store = open(server.url, { timeout: 15_000, table });
    await store.write('a', { n: 1 });
    await store.write('b', { n: 1 });
    const [holder, admin] = [1, 2].map(() => new Client({ connectionString: server.url }));
    for (const client of [holder, admin]) await client?.on('error', () => {}).connect();
    await holder?.query(`BEGIN; SELECT FROM ${table} FOR UPDATE`);
    const brief = await open(server.url, { timeout: 3000, table }).init();
    const writing = failure(brief.write('a', { n: 2 }));
    const updating = store.update('b', (session) => ({ n: Number(session?.n) + 1 }));
    await until(async () => {
      const waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
      return (await admin?.query(waiting))?.rowCount === 2;
    }, 'both at the lock');
    await server.kill();
    expect(await writing).toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
    await restart();
    expect(await updating).toEqual({ n: 2 });
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('what was acknowledged is there after each kill', async () => {
    const store = open(server.url, { timeout: 20_000 });
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 3; round++) {
      const isOver = pause(400).then(() => server.kill());
      let isKilled = false;
      void isOver.then(() => {
        isKilled = true;
      });
      const lane = async (id: string) => {
        for (let n = (acknowledged.get(id) ?? 0) + 1; !isKilled; n++) {
          await store.update(id, (session) => ({ n: Math.max(n, Number(session?.n ?? 0)) }));
          acknowledged.set(id, n);
        }
      };
      const lanes = Array.from({ length: 10 }, (_, n) => lane(String(n)));
      await isOver;
      await restart();
      await Promise.all(lanes);
      for (const [id, n] of acknowledged) {
        expect(Number((await store.read(id))?.n)).toBeGreaterThanOrEqual(n);
      }
    }
    expect(acknowledged.size).toBe(10);
  }, 60_000);

  test('a shutdown in order: the store goes on once it is back', async () => {
    const store = open(server.url, { timeout: 15_000 });
    const admin = new Pool({ connectionString: server.url });
    admin.on('error', () => {});
    let n = 0;
    let isOver = false;
    const adding = (async () => {
      while (!isOver) await store.update('a', () => ({ n: ++n }));
    })();
    await until(() => n > 5, 'some updates');
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    const before = n;
    await until(() => n > before + 5, 'more updates');
    isOver = true;
    await adding;
    expect(await store.read('a')).toEqual({ n });
    await admin.end();
  });
});

describeWith(await ownPostgres(), { describe, test }, 'a slow disk', ({ start }) => {
  test('what comes in the last moment is not committed after the call', async () => {
    const server = await start(['commit_delay=100000', 'commit_siblings=0']); // µs
    const proxy = await TcpProxy.to(server.url);
    const table = newTable();
    const timeout = 2000;
    const store = await new PostgresSessionStore(proxy.url, { table, timeout }).init();
    const other = new PostgresSessionStore(server.url, { table });
    await proxy.set('held');
    const writing = failure(store.write('a', { late: true }));
    await pause(timeout - 60);
    proxy.deliver();
    expect((await writing).code).toMatch(/TIMEOUT|UNAVAILABLE/);
    await other.destroy('a');
    await pause(300);
    expect(await other.read('a')).toBeNull();
    await Promise.all([store.close(), other.close(), proxy.stop()]);
    await server.stop();
  }, 60_000);
});

describeWith(await ownPostgres(), { describe, test }, 'under random faults', ({ start }) => {
  let server: ServerContainer;
  let proxies: TcpProxy[];
  let stores: PostgresSessionStore[];
  let other: PostgresSessionStore;

  beforeAll(async () => {
    server = await start();
    proxies = await Promise.all([1, 2, 3].map(() => TcpProxy.to(server.url)));
    const table = newTable();
    stores = proxies.map(({ url }) => new PostgresSessionStore(url, { table, timeout: 2500 }));
    other = new PostgresSessionStore(server.url, { table, timeout: 20_000 });
    await Promise.all([...stores, other].map((store) => store.init()));
  }, 60_000);

  afterAll(async () => {
    await Promise.all([...stores, other].map((store) => store.close()));
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await server.stop();
  });

  testRandomFaults(() => ({ server, proxies, stores, other }), SECONDS, LANES);
});
