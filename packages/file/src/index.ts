import { DriverStore, type Session } from '@sessions/core';
import { FileDriver } from './driver.ts';
import type { FileOptions } from './options.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';
export type { FileOptions };

/** Sessions in a folder, one file each, for all processes on this host. */
export class FileSessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `dirname` is the folder; it is made when it is missing. `options` is a lifetime in minutes, or
   * an object.
   */
  constructor(dirname: string = '.sessions', options: number | FileOptions = {}) {
    super(new FileDriver(dirname, options), options, ['flush']);
  }
}
