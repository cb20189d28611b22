import { DriverStore, type Session } from '@sessions/core';
import { MemoryDriver, type MemoryOptions } from './memory-driver.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';
export type { MemoryOptions };

/**
 * Sessions in the memory of this process; they are gone when it ends. With more than `max` sessions,
 * or more than `maxBytes`, the store drops those that were used least recently.
 */
export class MemorySessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `max` is the number of sessions to keep, without bound by default. `options` is a lifetime in
   * minutes, or an object.
   */
  constructor(max: number = Infinity, options: number | MemoryOptions = {}) {
    super(new MemoryDriver(max, options), options, ['maxBytes']);
  }
}
