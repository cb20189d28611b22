import { DriverStore, type Session, type StoreOptions } from '@sessions/core';
import { LeveldbDriver } from './driver.ts';

export { isSessionError, KEEP, SessionError } from '@sessions/core';

/** Sessions in a LevelDB database, which one process opens. */
export class LeveldbSessionStore<S extends Session = Session> extends DriverStore<S> {
  /** `folder` is that of the database. `options` is a lifetime in minutes, or an object. */
  constructor(folder: string = '.leveldb', options: number | StoreOptions = {}) {
    super(new LeveldbDriver(folder), options);
  }
}
