import { DriverStore, type Session, type StoreOptions } from '@sessions/core';
import type { PostgresConfig, PostgresPool } from './given.ts';
import { PostgresDriver } from './postgres-driver.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';
export { schemaOf } from './statements.ts';
export type { PostgresConfig, PostgresPool };

export interface PostgresStoreOptions extends StoreOptions {
  /** The table, with or without its schema: `bots.sessions`; `sessions` by default. */
  readonly table?: string | undefined;
  /** Whether `init` creates the table and its index if the table is missing; `true` by default. */
  readonly autoCreate?: boolean | undefined;
}

/** Sessions in PostgreSQL, one row each. */
export class PostgresSessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `connection` is a URL, a config of pg, or a `Pool` of your own, which `close` leaves open. Of the
   * hosts in a URL the store takes the primary. Without `connection` it takes `PGHOST` and so on.
   * `options` is a lifetime in minutes, or an object.
   */
  constructor(
    connection: string | PostgresConfig | PostgresPool = {},
    options: number | PostgresStoreOptions = {},
  ) {
    const own = typeof options === 'object' ? (options ?? {}) : {};
    super(new PostgresDriver(connection, own), options, ['table', 'autoCreate']);
  }
}
