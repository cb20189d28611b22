import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Pool } from 'pg';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findPostgres } from '../../../tooling/servers/postgres.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { PostgresSessionStore } from '../src/index.ts';
import { again, newTable } from './support.ts';

const CALLS = 40;

describeWith(await findPostgres(), { describe, test }, 'commands that arrive late', (server) => {
  const admin = new Pool({ connectionString: server.url });
  const table = newTable();

  afterAll(async () => {
    await admin.query(`DROP TABLE ${table}`);
    await admin.end();
    await server.stop();
  });

  /** What happens to the network while calls are on their way, and what is let through afterwards. */
  const faults: Record<string, (proxy: TcpProxy) => Promise<() => void>> = {
    async cut(proxy) {
      await pause(1);
      proxy.cut();
      return () => {};
    },
    async swallowed(proxy) {
      await proxy.set('mute');
      await pause(50);
      await proxy.set('open');
      proxy.cut();
      return () => {};
    },
    async late(proxy) {
      await pause(100);
      await proxy.set('open');
      proxy.hangUp();
      return () => proxy.deliver();
    },
  };

  const clients: Record<string, (url: string) => string | Pool> = {
    'connections of its own': (url) => url,
    'a pool of the caller': (connectionString) => new Pool({ connectionString }),
  };

  const cases = Object.keys(clients).flatMap((client) =>
    Object.keys(faults).map((fault) => [fault, client] as const),
  );

  test.each(cases)(
    'when they are %s, with %s: change nothing after their call is over',
    async (fault, by) => {
      const proxy = await TcpProxy.to(server.url);
      const url = new URL(server.url);
      url.host = `127.0.0.1:${proxy.port}`;
      const given = clients[by]?.(url.href);
      const store = new PostgresSessionStore(given, { table, timeout: 3000 });
      const other = new PostgresSessionStore(server.url, { table });
      await again(() => Promise.all([store.init(), other.init()]));
      const calls: ((id: string) => Promise<unknown>)[] = [
        (id) => store.write(id, { late: true }),
        (id) => store.destroy(id),
        (id) => store.update(id, () => ({ late: true })),
        (id) => store.update(id, () => null),
      ];
      const ids = Array.from({ length: CALLS }, (_, n) => String(n));
      for (const id of ids) await store.destroy(id);
      // Half of them are there before.
      for (const id of ids) if (Number(id) % 8 < 4) await store.write(id, { old: true });
      if (fault === 'late') await proxy.set('held');
      const after = ids.map(async (id) => {
        await calls[Number(id) % calls.length]?.(id).catch(() => {});
        // Whatever became of it, it is over; what others do now, stays.
        if (Number(id) % 3 === 0) await other.destroy(id);
        else await other.write(id, { newer: id });
      });
      const deliver = await faults[fault]?.(proxy);
      await Promise.all(after);
      deliver?.();
      await pause(200);
      for (const id of ids) {
        expect([id, await other.read(id)]).toEqual([
          id,
          Number(id) % 3 === 0 ? null : { newer: id },
        ]);
      }
      await Promise.all([store.close(), other.close()]);
      if (given instanceof Pool) await given.end();
      await proxy.stop();
    },
    20_000,
  );
});
