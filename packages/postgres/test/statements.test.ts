import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SessionRecord } from '@sessions/core';
import { Pool, type PoolClient } from 'pg';
import { again, failure, listed } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findPostgres } from '../../../tooling/servers/postgres.ts';
import { until } from '../../../tooling/servers/server-process.ts';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.ts';
import { PostgresDriver } from '../src/postgres-driver.ts';
import { statementsFor } from '../src/statements.ts';
import { corrupt, newTable, WAYS } from './support.ts';

const MIB = 1024 * 1024;

describeWith(await findPostgres(), { describe, test }, 'statements', (server) => {
  const admin = new Pool({ connectionString: server.url });
  const opened: { close(): unknown }[] = [];
  let table: string;
  let store: PostgresSessionStore;

  beforeEach(async () => {
    table = newTable();
    store = await open().init();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await admin.query(`DROP TABLE ${table}`);
  });

  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  /** A store whose connections have these settings. */
  function open(settings = '', options: PostgresStoreOptions = {}): PostgresSessionStore {
    const url = new URL(server.url);
    if (settings) url.searchParams.set('options', settings);
    const made = new PostgresSessionStore(url.href, { table, ...options });
    opened.push(made);
    return made;
  }

  async function openDriver(): Promise<PostgresDriver> {
    const driver = new PostgresDriver(server.url, { table });
    opened.push(driver);
    await driver.open(5000, () => {});
    return driver;
  }

  /** Runs the work while a transaction that did this is open, and rolls it back. */
  async function during(sql: string, work: (other: PoolClient) => Promise<void>): Promise<void> {
    const other = await admin.connect();
    try {
      await other.query(`BEGIN; ${sql.replaceAll('sessions', table)}`);
      await work(other);
    } finally {
      await other.query('ROLLBACK');
      other.release();
    }
  }

  /** How many connections wait for a lock. */
  async function waiting(): Promise<number> {
    const { rows } = await admin.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${table}%'`,
    );
    return rows.length;
  }

  async function versionOf(id: string): Promise<unknown> {
    const { rows } = await admin.query(`SELECT etag FROM ${table} WHERE id = $1`, [id]);
    return rows[0]?.etag;
  }

  describe('a row that somebody holds', () => {
    test.each<[string, string, (brief: PostgresSessionStore) => Promise<unknown>]>([
      ['write', 'SELECT * FROM sessions FOR UPDATE', (brief) => brief.write('a', { n: 2 })],
      ['destroy', 'SELECT * FROM sessions FOR UPDATE', (brief) => brief.destroy('a')],
      [
        'update',
        'SELECT * FROM sessions FOR UPDATE',
        (brief) => brief.update('a', () => ({ n: 2 })),
      ],
      [
        'creation',
        `INSERT INTO sessions VALUES ('b', '{}', NULL, 'other', '{}')`,
        (brief) => brief.write('b', { n: 2 }),
      ],
    ])(
      '%s: gives up in time, applies nothing later, and leaves nobody waiting',
      async (what, sql, call) => {
        await store.write('a', { n: 1 });
        const etag = await versionOf('a');
        const brief = open('', { timeout: 1000 });
        await again(() => brief.init());
        await during(sql, async () => {
          const started = performance.now();
          const error = await failure(call(brief));
          expect(performance.now() - started).toBeLessThan(3000);
          expect(error.code).toBe('TIMEOUT');
          await until(async () => (await waiting()) === 0, 'nobody who waits', 1000);
          // An update goes on to the last millisecond, and then has no time to hear of it. On a busy
          // machine the others may not hear of it either, but not each time.
          if (what !== 'update') {
            await again(async () => {
              expect((await failure(call(brief))).outcome).toBe('not-applied');
            });
          }
          expect(await again(() => brief.read('a'))).toEqual({ n: 1 }); // nobody waits to read
        });
        await pause(100);
        expect(await versionOf('a')).toBe(etag);
        expect(await versionOf('b')).toBeUndefined();
      },
    );

    test('a call waits for it as long as there is time', async () => {
      await store.write('a', { n: 1 });
      let writing = Promise.resolve();
      await during('SELECT * FROM sessions FOR UPDATE', async () => {
        writing = store.write('a', { n: 2 });
        while ((await waiting()) === 0);
      });
      await writing;
      expect(await store.read('a')).toEqual({ n: 2 });
    });

    test('one that came late, and then had to wait, is undone after it', async () => {
      await store.write('a', { n: 1 });
      const { write, create, destroy } = statementsFor(table);
      const past = Date.now() + 300; // ms; the lock is there for longer
      const row = [null, 'etag', [], 5000, past];
      await during(
        `SELECT * FROM sessions FOR UPDATE; INSERT INTO sessions VALUES ('b', '{}', NULL, 'e', '{}')`,
        async (other) => {
          const late = [
            admin.query(write.unnamed.text, ['a', '{"n":2}', ...row]),
            admin.query(destroy.unnamed.text, ['a', 5000, past]),
            admin.query(create.unnamed.text, ['b', '{"n":2}', ...row]),
            admin.query(write.unnamed.text, ['b', '{"n":2}', ...row]),
          ].map((each) => expect(each).rejects.toMatchObject({ code: '22012' }));
          while ((await waiting()) < late.length);
          await pause(400);
          await other.query('ROLLBACK');
          await Promise.all(late);
        },
      );
      expect(await store.all()).toEqual([{ n: 1 }]);
    });
  });

  test.each(['serializable', 'repeatable\\ read'])(
    'updates at once under %s are applied exactly once',
    async (level) => {
      const strict = open(`-c default_transaction_isolation=${level}`);
      const other = open(`-c default_transaction_isolation=${level}`);
      const add = (session: { n?: number } | null) => ({ n: (session?.n ?? 0) + 1 });
      const writes = Array.from({ length: 20 }, (_, n) => strict.write('b', { n }));
      const updates = Array.from({ length: 30 }, (_, n) =>
        (n % 2 ? strict : other).update('a', add),
      );
      await Promise.all([...writes, ...updates]);
      expect(await store.read('a')).toEqual({ n: 30 });
      // Not only those that conflict: a serialisation failure of a plain write is sent again.
      const raced = Array.from({ length: 30 }, (_, n) =>
        (n % 2 ? strict : other).write('c', { n }),
      );
      await Promise.all(raced);
    },
  );

  test('a statement_timeout: not applied, in its words', async () => {
    const brief = await open('-c statement_timeout=1000').init();
    await during('LOCK TABLE sessions', async () => {
      const error = await failure(brief.write('a', {}));
      expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'not-applied' });
      expect(error.cause).toMatchObject({ code: '57014' });
      expect(await failure(brief.read('a'))).toMatchObject({ code: 'TIMEOUT' });
    });
  });

  test('a shutdown of the connection: a write is unknown, a read is sent again', async () => {
    const end = () =>
      admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${table}%'`,
      );
    await store.write('a', { n: 1 });
    await during('LOCK TABLE sessions', async (other) => {
      const writing = failure(store.write('a', { n: 2 }));
      while ((await waiting()) === 0);
      await end();
      expect(await writing).toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
      const reading = store.read('a');
      while ((await waiting()) === 0);
      await end();
      await other.query('ROLLBACK');
      expect(await reading).toEqual({ n: 1 });
    });
  });

  test.each([
    ['a constraint', 'ADD CHECK (session NOT LIKE $$%forbidden%$$)', '23514'],
    ['a trigger', 'ENABLE TRIGGER ALL', 'P0001'],
  ])('the error of %s quotes neither the row nor the id', async (what, change, code) => {
    if (what === 'a trigger') {
      await admin.query(`CREATE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'no %, no %', NEW.id, NEW.session; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW
        EXECUTE FUNCTION refuse_${table}()`);
    }
    await admin.query(`ALTER TABLE ${table} ${change}`);
    const error = await failure(store.write('secret-id', { text: 'forbidden secret-text' }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', cause: { code } });
    expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/secret|736563726574/);
    await admin.query(`DROP FUNCTION IF EXISTS refuse_${table} CASCADE`);
  });

  test.each(Array.from({ length: WAYS }, (_, way) => way))(
    'a row that is damaged in way %i stays, until it is destroyed',
    async (way) => {
      await store.write('a', { text: 'some text', list: [1, 2, 3] });
      await corrupt(admin, table, 'a', way);
      const row = async () => (await admin.query(`SELECT * FROM ${table}`)).rows;
      const before = await row();
      for (const call of [
        () => store.read('a'),
        () => store.write('a', {}),
        () => store.write('a', {}, { ifMatch: null }),
        () => store.update('a', () => ({})),
        () => store.touch('a'),
      ]) {
        expect(await failure(call())).toMatchObject({ code: 'CORRUPT', outcome: 'not-applied' });
      }
      expect(await row()).toEqual(before);
      await store.destroy('a');
      expect(await row()).toEqual([]);
    },
  );

  test('a deadlock with another transaction is solved by trying again', async () => {
    await store.write('a', { n: 1 });
    await store.write('b', { n: 1 });
    await admin.query(`CREATE FUNCTION both_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM FROM ${table} WHERE id = 'b' FOR UPDATE; RETURN NEW; END $$;
      CREATE TRIGGER crossing AFTER UPDATE ON ${table} FOR EACH ROW WHEN (NEW.id = 'a')
      EXECUTE FUNCTION both_${table}()`);
    await during(
      `SET LOCAL deadlock_timeout = '20s'; SELECT FROM sessions WHERE id = 'b' FOR UPDATE`,
      async (other) => {
        const writing = store.write('a', { n: 2 });
        while ((await waiting()) === 0);
        const crossing = other.query(`SELECT FROM ${table} WHERE id = 'a' FOR UPDATE`);
        await crossing; // the store's, which waits for longer, is the victim
        await other.query('COMMIT');
        await writing;
      },
    );
    expect(await store.read('a')).toEqual({ n: 2 });
    await admin.query(`DROP FUNCTION both_${table} CASCADE`);
  });

  describe('listing', () => {
    const STARTS = [
      'a',
      'A',
      '%',
      '_',
      '\\',
      '\0',
      ' ',
      'é',
      'e\u0301',
      '😀',
      '😁',
      '\u{10ffff}',
      '\uffff',
    ];

    test.each(['', ...STARTS, 'none'])('the server tells what begins with %j', async (prefix) => {
      const ids = STARTS.flatMap((start) => [
        start,
        `${start}a`,
        `${start}\u{10ffff}`,
        `a${start}`,
      ]);
      const sought = [...new Set(ids)].filter((id) => id.startsWith(prefix)).sort();
      await Promise.all(ids.map((id) => store.write(id, { id })));
      const driver = await openDriver();
      const alone = await listed(driver.ids(prefix));
      expect(alone.map((entry) => entry?.[0]).sort()).toEqual(sought);
      const entries = await listed(driver.entries(prefix));
      expect(entries.map((entry) => (entry as [string, unknown])[0]).sort()).toEqual(sought);
    });

    test('pages have at most 100 rows and 4 MiB, or one row that is larger', async () => {
      await Promise.all(Array.from({ length: 250 }, (_, n) => store.write(`a${n}`, { n })));
      for (const [id, size] of [
        ['b', 6],
        ['c', 1.5],
        ['d', 1.5],
        ['e', 1.5],
      ] as const) {
        await store.write(id, { text: 'x'.repeat(size * MIB) });
      }
      const { text } = statementsFor(table).entries.unnamed;
      const page = async (from: string) =>
        (await admin.query({ text, values: [from, '\\xff'], rowMode: 'array' })).rows.map(([hex]) =>
          Buffer.from(hex, 'hex').toString(),
        );
      expect(await page('')).toHaveLength(100);
      expect(await page('b')).toEqual(['b']);
      expect(await page('c')).toEqual(['c', 'd']);
      expect(await page('a99')).toEqual(['a99']); // the next one is too much
      const seen = [];
      for await (const [id] of store.entries()) seen.push(id);
      expect(new Set(seen).size).toBe(254);
      expect(seen).toHaveLength(254);
    });

    test('goes by the index of the ids', async () => {
      const statements = statementsFor(table);
      const client = await admin.connect();
      await client.query('SET enable_seqscan = off');
      for (const name of ['entries', 'ids'] as const) {
        const { rows } = await client.query(`EXPLAIN ${statements[name].unnamed.text}`, ['a', 'b']);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).toMatch(/Index Cond: \(\(id >= .*\) AND \(id < .*\)\)/);
      }
      const { rows } = await client.query(`EXPLAIN ${statements.prune.unnamed.text}`, [1, 1]);
      expect(JSON.stringify(rows)).toMatch(/_expires_at/);
      client.release(true);
    });

    test('an id that is no text is told of, and passed over', async () => {
      const warnings: Error[] = [];
      const other = open('', { onWarning: (warning) => void warnings.push(warning) });
      await store.write('a', { n: 1 });
      await admin.query(`INSERT INTO ${table} VALUES ('\\xc3', '{}', NULL, 'e', '{}')`);
      expect(await other.all()).toEqual([{ n: 1 }]);
      expect(warnings).toMatchObject([{ code: 'CORRUPT' }]);
      expect(await listed(other.ids())).toEqual(['a']);
    });
  });

  test('prune: in steps, none twice, and not what others hold or have renewed', async () => {
    const brief = open('', { expiresIn: 1 / 60_000 });
    await Promise.all(Array.from({ length: 1203 }, (_, n) => brief.write(String(n), {})));
    await store.write('lasting', {});
    await pause(5);
    const driver = await openDriver();
    expect(await driver.prune(Date.now(), 5000)).toBe(500);
    await during(
      `SELECT FROM sessions WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT 3 FOR UPDATE`,
      async () => {
        const counts = await Promise.all([store.prune(), store.prune(), store.prune()]);
        expect(counts.reduce((sum, count) => sum + count)).toBe(700);
      },
    );
    expect(await store.prune()).toBe(3);
    expect(await listed(store.ids())).toEqual(['lasting']);
  });

  test('a session that was changed by hand is read, and notices are taken of it', async () => {
    await store.write('telegram:42', { visits: 3, name: 'Tim' });
    let changed = 0;
    const changing = store.update('telegram:42', async (session) => {
      if (changed++ === 0) {
        await admin.query(`UPDATE ${table} SET session = jsonb_set(session::jsonb, '{visits}', '0')::text,
          etag = gen_random_uuid()::text, history = (array_prepend(etag, history))[1:8]
          WHERE id = convert_to('telegram:42', 'UTF8')`);
      }
      return { ...session, seen: true };
    });
    expect(await changing).toEqual({ visits: 0, name: 'Tim', seen: true });
    expect(changed).toBe(2);
  });

  test('a command that arrives twice is applied once', async () => {
    const driver = await openDriver();
    const record = (n: number): SessionRecord => ({
      session: JSON.stringify({ n }),
      expiresAt: null,
      etag: `etag ${n}`,
      history: n > 1 ? [`etag ${n - 1}`] : [],
    });
    const twice = async (n: number, expected: string | null | undefined) => {
      const put = () => driver.put('a', record(n), expected, 5000);
      expect(await Promise.all([put(), put()])).toEqual([true, true]);
    };
    await twice(1, null);
    await twice(2, 'etag 1');
    await twice(3, undefined);
    expect(await driver.put('a', record(1), null, 5000)).toBe(true); // long after
    expect(await driver.get('a', 5000)).toEqual({ ...record(3), history: ['etag 2', 'etag 1'] });
  });
});
