import { DriverStore, type Session, type StoreOptions } from '@sessions/core';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { RedisDriver } from './redis-driver.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';

export interface RedisStoreOptions extends StoreOptions {
  /** What the names of all keys begin with; `sessions:` by default. Ends with a colon, or gets one. */
  readonly prefix?: string | undefined;
  /**
   * How many replicas must have a write before it counts as done; 0 by default. When they do not
   * have it in time the call rejects as `UNAVAILABLE` with `outcome: 'unknown'`.
   */
  readonly replicas?: number | undefined;
}

/** Sessions in Redis: standalone, Sentinel or Cluster. */
export class RedisSessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `connection` is a URL, a port, options of ioredis, or a client that stays the caller's, which
   * `close` leaves open; 127.0.0.1:6379 when left out. `options` is a lifetime in minutes, or an
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
