import { DriverStore, type Session, type StoreOptions } from '@sessions/core';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { RedisDriver } from './redis-driver.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';

export interface RedisStoreOptions extends StoreOptions {
  /**
   * What the names of all keys begin with; `sessions:` by default. A colon is added if it does not
   * end with one.
   */
  readonly prefix?: string | undefined;
  /**
   * How many replicas must have a write before the call succeeds; 0 by default. When they do not have
   * it in time, the call rejects with `UNAVAILABLE` and `outcome: 'unknown'`.
   */
  readonly replicas?: number | undefined;
}

/** Sessions in Redis: standalone, Sentinel or Cluster. */
export class RedisSessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `connection` is a URL, a port, options of ioredis, or a client of your own, which `close` leaves
   * open. Without it the store connects to 127.0.0.1:6379. `options` is a lifetime in minutes, or an
   * object.
   */
  constructor(
    connection?: string | number | RedisOptions | Redis | Cluster,
    options: number | RedisStoreOptions = {},
  ) {
    const driver = new RedisDriver(connection, typeof options === 'object' ? (options ?? {}) : {});
    super(driver, options, ['prefix', 'replicas']);
  }
}
