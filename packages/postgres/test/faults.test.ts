import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionError } from '@sessions/core';
import { Client, Pool } from 'pg';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { answers, ownPostgres } from '../../../tooling/servers/postgres.ts';
import type { ServerContainer } from '../../../tooling/servers/server-container.ts';
import { freePort, until } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.ts';
import { again, failure, newTable } from './support.ts';

const TIMEOUT = 500;
const SLACK = 500; // for a busy machine
const SECONDS = 6; // of random faults
const LANES = 30;

type Session = Record<string, unknown>;

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
    await store.write('a', { n: 1 });
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
    await store.write('a', { n: 1 });
    await Promise.all(['b', 'c', 'd', 'e'].map((id) => store.write(id, {}))); // a pool of five
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
    expect(await store.read('a')).toEqual({ n: 1 });
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
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`;
    const table = newTable();
    const timeout = 2000;
    const store = await new PostgresSessionStore(url, { table, timeout }).init();
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
  let stores: PostgresSessionStore<Session>[];
  /** Sees the server itself. */
  let other: PostgresSessionStore<Session>;

  beforeAll(async () => {
    server = await start();
    proxies = await Promise.all([1, 2, 3].map(() => TcpProxy.to(server.url)));
    const table = newTable();
    stores = proxies.map(({ port }) => {
      const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
      return new PostgresSessionStore<Session>(url, { table, timeout: 2500 });
    });
    other = new PostgresSessionStore<Session>(server.url, { table, timeout: 20_000 });
    await Promise.all([...stores, other].map((store) => store.init()));
  }, 60_000);

  afterAll(async () => {
    await Promise.all([...stores, other].map((store) => store.close()));
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await server.stop();
  });

  const faults: ((proxy: TcpProxy) => Promise<void>)[] = [
    async (proxy) => proxy.cut(),
    async (proxy) => {
      await proxy.set('mute');
      await pause(Math.random() * 400);
      await proxy.set('open');
      proxy.cut();
    },
    async (proxy) => {
      await proxy.set('stuck');
      await pause(Math.random() * 1000);
      await proxy.set('open');
      proxy.cut();
    },
    async (proxy) => {
      await proxy.set('held');
      await pause(Math.random() * 1000);
      await proxy.set('open');
      proxy.hangUp();
      setTimeout(() => proxy.deliver(), Math.random() * 3000);
    },
    async () => {
      await server.freeze();
      await pause(Math.random() * 500);
      await server.thaw();
    },
  ];

  /** Runs the work, each over and over, while faults happen. */
  async function during(work: readonly (() => Promise<void>)[]): Promise<void> {
    const end = performance.now() + SECONDS * 1000;
    const isOver = () => performance.now() >= end;
    const chaos = async () => {
      while (!isOver()) {
        await pick(faults)(pick(proxies));
        await pause(Math.random() * 200);
      }
    };
    const repeat = async (each: () => Promise<void>) => {
      while (!isOver()) await each();
    };
    await Promise.all([chaos(), ...work.map(repeat)]);
  }

  test(
    'a call does what it says, and nothing once others have written',
    async () => {
      const wrong: string[] = [];
      let count = 0;
      const lane = (id: string) => async () => {
        const name = String(count++);
        const before = pick([null, { before: name }]);
        const after = pick([null, { after: name }]);
        const put = (session: Session | null) =>
          session ? other.write(id, session) : other.destroy(id);
        const expectThere = async (session: Session | null, what: string) => {
          const found = JSON.stringify(await other.read(id));
          if (found !== JSON.stringify(session)) wrong.push(`${what}: ${found}`);
        };
        await put(before);
        const store = pick(stores);
        const [call, result] = pick<[() => Promise<unknown>, Session | null]>([
          [() => store.write(id, { name }), { name }],
          [() => store.destroy(id), null],
          [() => store.update(id, () => ({ name })), { name }],
          [() => store.update(id, () => null), null],
          [() => store.touch(id), before],
        ]);
        const outcome = await call().then(
          () => 'applied',
          (error: SessionError) => error.outcome,
        );
        if (outcome === 'applied') await expectThere(result, `${call} resolved`);
        if (outcome === 'not-applied') await expectThere(before, `${call} was not applied`);
        await put(after);
        await pause(Math.random() * 60);
        await expectThere(after, `after ${call}, which was ${outcome}`);
      };
      await during(Array.from({ length: LANES }, (_, n) => lane(`lane:${n}`)));
      expect(wrong).toEqual([]);
      expect(count).toBeGreaterThan(LANES);
    },
    SECONDS * 1000 + 60_000,
  );

  test(
    'updates are applied exactly once',
    async () => {
      let acknowledged = 0;
      let unknown = 0;
      await other.write('counter', { n: 0 });
      const count = async () => {
        const add = (session: Session | null) => ({ n: Number(session?.n) + 1 });
        await pick(stores)
          .update('counter', add)
          .then(
            () => acknowledged++,
            ({ outcome }: SessionError) => outcome === 'unknown' && unknown++,
          );
      };
      await during([count, count, count, count]);
      await pause(3000); // for what may come late
      const n = Number((await other.read('counter'))?.n);
      expect(n).toBeGreaterThanOrEqual(acknowledged);
      expect(n).toBeLessThanOrEqual(acknowledged + unknown);
      expect(acknowledged).toBeGreaterThan(0);
    },
    SECONDS * 1000 + 60_000,
  );
});

describeWith(await ownPostgres(), { describe, test }, 'a standby', ({ start, startStandby }) => {
  let primary: ServerContainer;
  let standby: ServerContainer;
  const admins: Pool[] = [];

  beforeAll(async () => {
    primary = await start();
    standby = await startStandby(primary);
  }, 60_000);

  afterAll(async () => {
    await Promise.all(admins.map((admin) => admin.end()));
    await Promise.all([primary, standby].map((server) => server.stop()));
  });

  const urlOf = (servers: ServerContainer[]) => {
    const hosts = servers.map(({ port }) => `127.0.0.1:${port}`);
    return `postgres://postgres@${hosts.join(',')}/postgres?target_session_attrs=any`;
  };

  test('is not read, and takes no writes', async () => {
    const table = newTable();
    const store = new PostgresSessionStore(urlOf([primary]), { table });
    await store.write('a', { n: 1 });
    // Wherever an attempt is as the time is up, the reason is the same.
    const alone = Array.from(
      { length: 40 },
      (_, n) => new PostgresSessionStore(standby.url, { table, timeout: 500 + 7 * n }),
    );
    for (const error of await Promise.all(alone.map((each) => failure(each.init())))) {
      expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      expect(String(error.cause)).toContain('replica');
    }
    const both = new PostgresSessionStore(urlOf([standby, primary]), { table });
    for (let n = 0; n < 20; n++) {
      await store.write('a', { n });
      expect(await both.read('a')).toEqual({ n }); // of the primary: the other one is behind
    }
    await Promise.all([store, ...alone, both].map((each) => each.close()));
  });

  test('that is promoted is found, and no update is applied twice', async () => {
    const options = { table: newTable(), timeout: 30_000 };
    const store = new PostgresSessionStore(urlOf([primary, standby]), options);
    let acknowledged = 0;
    let isOver = false;
    const add = (session: { n?: number } | null) => ({ n: (session?.n ?? 0) + 1 });
    const lanes = Array.from({ length: 5 }, async () => {
      while (!isOver) {
        await store.update('counter', add);
        acknowledged++;
      }
    });
    const admin = new Pool({ connectionString: primary.url });
    admins.push(admin);
    admin.on('error', () => {});
    // As an operator does it who wants to lose nothing.
    await admin.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await admin.query('SELECT pg_reload_conf()');
    await until(async () => {
      const { rows } = await admin.query('SELECT sync_state FROM pg_stat_replication');
      return rows[0]?.sync_state === 'sync';
    }, 'a synchronous standby');
    await until(() => acknowledged > 20, 'some updates');
    await primary.kill();
    await pause(300);
    const other = new Pool({ connectionString: standby.url });
    admins.push(other);
    await other.query('SELECT pg_promote()');
    const before = acknowledged;
    await until(() => acknowledged > before + 20, 'updates on the new primary');
    isOver = true;
    await Promise.all(lanes);
    expect(await store.read('counter')).toEqual({ n: acknowledged });
    await store.close();
  }, 90_000);
});

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}
