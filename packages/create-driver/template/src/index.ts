import { DriverStore, type Session, type StoreOptions } from '@sessions/core';
import { MyBackendDriver } from './driver.ts';

export { isSessionError, KEEP, SessionError } from '@sessions/core';

/** Sessions in MyBackend. */
export class MyBackendSessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `place` is where they are kept. `options` is a lifetime in minutes, or an object.
   */
  constructor(place: string = 'sessions', options: number | StoreOptions = {}) {
    // TODO: what says where: a URL, a path, a client. The names of options of your own are the third
    // argument of `super`.
    super(new MyBackendDriver(place), options);
  }
}
