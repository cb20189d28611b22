import { DriverStore, type Session, type StoreOptions } from '@sessions/core';
import type { PostgresConfig, PostgresPool } from './given.ts';
import { PostgresDriver } from './postgres-driver.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';
export { schemaOf } from './statements.ts';
export type { PostgresConfig, PostgresPool };

export interface PostgresStoreOptions extends StoreOptions {
  /** The table, with or without its schema: `bots.sessions`; `sessions` by default. */
  readonly table?: string | undefined;
  /** Whether to create the table and its index where they are missing; `true` by default. */
  readonly autoCreate?: boolean | undefined;
  /**
   * Whether each connection keeps the statements, parsed: faster, and nothing for a PgBouncer in
   * transaction mode that does not know them (`max_prepared_statements`). `false` by default.
   */
  readonly prepare?: boolean | undefined;
}

/** Sessions in PostgreSQL, one row each. */
export class PostgresSessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `connection` is a URL, with several hosts perhaps, of which the store takes the primary; or a
   * config of pg; or a `Pool` that stays the caller's, which `close` leaves open. Left out, it is what
   * `PGHOST` and so on say. `options` is a lifetime in minutes, or an object.
   */
  constructor(
    connection: string | PostgresConfig | PostgresPool = {},
    options: number | PostgresStoreOptions = {},
  ) {
    const own = typeof options === 'object' ? (options ?? {}) : {};
    super(new PostgresDriver(connection, own), options, ['table', 'autoCreate', 'prepare']);
  }
}
