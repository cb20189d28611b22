import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Pool } from 'pg';
import { failure } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { ownPostgres } from '../../../tooling/servers/postgres.ts';
import type { ServerContainer } from '../../../tooling/servers/server-container.ts';
import { until } from '../../../tooling/servers/server-process.ts';
import { PostgresSessionStore } from '../src/index.ts';
import { newTable } from './support.ts';

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
    // Wherever an attempt is as the time is up, the reason is the same; the first is over by then.
    const alone = Array.from(
      { length: 40 },
      (_, n) => new PostgresSessionStore(standby.url, { table, timeout: 2000 + 7 * n }),
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
