import { DriverStore, type Session } from '@sessions/core';
import { MemoryDriver, type MemoryOptions } from './memory-driver.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';
export type { MemoryOptions };

/**
 * Sessions in the memory of this process: at most `max` of them, and at most `maxBytes`; the one
 * that was used least recently goes first. Gone when the process ends.
 */
export class MemorySessionStore<S extends Session = Session> extends DriverStore<S> {
  /** `options` is a lifetime in minutes, or an object. */
  constructor(max: number = Infinity, options: number | MemoryOptions = {}) {
    super(new MemoryDriver(max, options), options, ['maxBytes']);
  }
}
