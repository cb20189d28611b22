import { randomBytes } from 'node:crypto';
import type { Backend } from '@sessions/conformance';
import type { StoreOptions } from '@sessions/core';
import type { Pool } from 'pg';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.ts';
import { PostgresDriver } from '../src/postgres-driver.ts';

export function newTable(): string {
  return `t${randomBytes(8).toString('hex')}`;
}

/** Makes the stored record unreadable, in one of the ways that a stranger might. */
export async function corrupt(admin: Pool, table: string, id: string, way = 0): Promise<void> {
  const damage = DAMAGES[way % WAYS] as string;
  await admin.query(`UPDATE ${table} SET session = ${damage} WHERE id = $1`, [Buffer.from(id)]);
}

const DAMAGES = [
  'left(session, -3)',
  "''",
  `'["' || session`,
  `'[1]'`,
  'overlay(session placing chr(1) from length(session) / 2)',
];

export const WAYS = DAMAGES.length;

/** An empty backend for the kit: a table of its own, at that URL. */
export function backendOf(
  admin: Pool,
  url: string,
  interrupt: NonNullable<Backend['interrupt']>,
  dispose: () => Promise<void> = async () => {},
): Backend {
  const table = newTable();
  let way = 0;
  return {
    open: (options: StoreOptions) =>
      new PostgresSessionStore(url, { ...options, table } as PostgresStoreOptions),
    driver: () => new PostgresDriver(url, { table }),
    corrupt: (id) => corrupt(admin, table, id, way++),
    elsewhere: { module: new URL('elsewhere.js', import.meta.url), argument: { url, table } },
    interrupt,
    async dispose() {
      await admin.query(`DROP TABLE IF EXISTS ${table}`);
      await dispose();
    },
  };
}
