import { resolve } from 'node:path';
import { SessionError, type StoreOptions } from '@sessions/core';

const MAX_SESSION_BYTES = 8 * 1024 * 1024; // as in core

export interface FileOptions extends StoreOptions {
  /**
   * Whether a write is flushed to the disk before the call succeeds; `true` by default. With `false`
   * writes are faster and survive a crash of the process. After a power cut or a crash of the
   * operating system the latest sessions may be gone, old again, or `CORRUPT`.
   */
  readonly flush?: boolean | undefined;
}

/** What the driver needs of its options. The store checks those that all stores have. */
export function checkOptions(options: number | FileOptions): {
  flush: boolean;
  maxSessionBytes: number;
  now: () => number;
} {
  const {
    flush = true,
    maxSessionBytes = MAX_SESSION_BYTES,
    now = () => Date.now(),
  } = typeof options === 'object' ? (options ?? {}) : {};
  if (typeof flush !== 'boolean') throw new TypeError('flush must be true or false');
  return { flush, maxSessionBytes, now };
}

/** The absolute path of the folder. */
export function checkDirname(dirname: string): string {
  if (typeof dirname !== 'string') throw new TypeError('dirname must be a string');
  if (dirname === '' || dirname.includes('\0')) throw new RangeError('dirname names no folder');
  try {
    return resolve(dirname);
  } catch (cause) {
    const what = 'the working directory is not there any more; an absolute dirname is needed';
    throw new SessionError('UNAVAILABLE', what, { cause });
  }
}
