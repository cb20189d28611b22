import { DriverStore, type Session } from '@sessions/core';
import { type Database, SqliteDriver, type SqliteOptions } from './driver.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';
export type { Database, SqliteOptions };

/** Sessions in a table of a SQLite database, for all processes on this host. */
export class SqliteSessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `path` is a file, which is made when it is missing, or a `DatabaseSync` of your own, which `close`
   * leaves open. `options` is a lifetime in minutes, or an object.
   */
  constructor(path: string | Database = 'sessions.db', options: number | SqliteOptions = {}) {
    const driver = new SqliteDriver(path, typeof options === 'object' ? (options ?? {}) : {});
    super(driver, options, ['synchronous', 'table']);
  }
}
