import { DriverStore, type Session, type StoreOptions } from '@sessions/core';
import { LmdbDriver } from './driver.ts';

export { isSessionError, KEEP, SessionError } from '@sessions/core';

/** Sessions in an LMDB database, which the processes of a host share. */
export class LmdbSessionStore<S extends Session = Session> extends DriverStore<S> {
  /** `path` is that of the database. `options` is a lifetime in minutes, or an object. */
  constructor(path: string = '.lmdb', options: number | StoreOptions = {}) {
    super(new LmdbDriver(path), options);
  }
}
