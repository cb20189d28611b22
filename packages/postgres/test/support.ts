import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Backend } from '@sessions/conformance';
import { isSessionError, type SessionError, type StoreOptions } from '@sessions/core';
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

export async function listed<T>(entries: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

export async function failure(promise: Promise<unknown>): Promise<SessionError> {
  try {
    await promise;
  } catch (error) {
    if (isSessionError(error)) return error;
    throw error;
  }
  throw new Error('it should have failed');
}

/** Calls until it works, as a person would. */
export async function again<T>(call: () => Promise<T>, milliseconds = 15_000): Promise<T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(50);
    }
  }
}
