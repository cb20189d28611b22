import { setTimeout as pause } from 'node:timers/promises';
import {
  applyPut,
  type Capabilities,
  type Driver,
  type DriverEntry,
  hashId,
  isExpired,
  isSessionError,
  KeyedMutex,
  SessionError,
  type SessionRecord,
} from '@sessions/core';
import { hasCode } from './folder.ts';
import { Gate } from './gate.ts';
import { list } from './list.ts';
import type { Lock, Locks } from './lock.ts';
import { openFolder } from './open.ts';
import { checkDirname, checkOptions, type FileOptions } from './options.ts';
import { largestFile } from './read.ts';
import type { Root } from './root.ts';
import { IN_USE, type Sessions } from './sessions.ts';

const AT_ONCE = 36; // calls, each with two files open at most
const LONGEST_PAUSE = 25;

/** One call that changes a session. */
interface Change {
  readonly id: string;
  readonly name: string;
  readonly deadline: number;
  readonly toRemove: boolean;
  readonly task: (lock: Lock) => Promise<Result>;
}

/** `'changed'` is a success that is to be flushed. */
type Result = boolean | 'changed';

export class FileDriver implements Driver {
  readonly capabilities: Capabilities;
  readonly #dirname: string;
  readonly #flush: boolean;
  readonly #largest: number;
  readonly #now: () => number;
  readonly #gate = new Gate(AT_ONCE);
  readonly #mutex = new KeyedMutex();
  #root!: Root; // once it is open, as the three below
  #sessions!: Sessions;
  #locks!: Locks;
  #lease = 0;

  constructor(dirname: string, options: number | FileOptions) {
    const { flush, maxSessionBytes, now } = checkOptions(options);
    this.#dirname = checkDirname(dirname);
    this.#flush = flush;
    this.#largest = largestFile(maxSessionBytes);
    this.#now = now;
    const isFlushed = flush && process.platform !== 'win32'; // which cannot flush a folder
    this.capabilities = {
      compareAndSet: 'host',
      survives: isFlushed ? 'power-loss' : 'process-crash',
    };
  }

  async open(timeout: number, warn: (warning: Error) => void): Promise<void> {
    // Short enough for those who wait: `update` gives one attempt half of the time that is left.
    this.#lease = timeout / 4;
    const opened = await openFolder(this.#dirname, this.#flush, this.#largest, warn);
    this.#root = opened.root;
    this.#sessions = opened.sessions;
    this.#locks = opened.locks;
  }

  get(id: string): Promise<SessionRecord | null> {
    return this.#gate.run(async () => (await this.#sessions.read(hashId(id)))?.record ?? null);
  }

  put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    timeout: number,
  ): Promise<boolean> {
    const name = hashId(id);
    const deadline = deadlineOf(timeout);
    const commit = () => checkTime(deadline, id);
    const task = async (lock: Lock) => {
      const current = await this.#sessions.read(name);
      let next = applyPut(current?.record, record, expected);
      if (next === 'conflict') return false;
      // The first one may have failed to flush what is there now, so that is written once more.
      if (next === 'repeat') next = current?.record ?? record;
      await this.#sessions.write(id, lock, next, current, this.#flush, commit);
      return 'changed';
    };
    return this.#locked({ id, name, deadline, toRemove: false, task });
  }

  async delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    const name = hashId(id);
    const deadline = deadlineOf(timeout);
    const isDone = await this.#gate.run(async () => {
      const isNothingThere = await this.#isNothingThere(name).catch((cause) => {
        throw unavailable(id, cause);
      });
      return isNothingThere && this.#isGone(name);
    });
    if (isDone) return expected === undefined;
    const task = async ({ path }: Lock) => {
      if (await this.#sessions.isAbsent(name)) {
        return (await this.#isGone(name)) && expected === undefined;
      }
      const current = expected === undefined ? null : await this.#sessions.read(name);
      if (expected !== undefined && current?.record.etag !== expected) return false;
      checkTime(deadline, id);
      await this.#sessions.remove(name, path);
      // What has expired may come back after a power cut: it is expired still.
      return current !== null && isExpired(current.record, this.#now()) ? true : 'changed';
    };
    return this.#locked({ id, name, deadline, toRemove: true, task });
  }

  entries(): AsyncGenerator<DriverEntry, void> {
    return list(this.#root, this.#gate, this.#largest);
  }

  /** Does the change under its lock; an attempt that missed is made again. */
  async #locked(change: Change): Promise<boolean> {
    const { id, deadline } = change;
    const once = () => this.#gate.run(() => this.#attempt(change));
    let cause: unknown;
    for (let attempt = 0; ; attempt++) {
      checkTime(deadline, id, cause);
      const result = await this.#mutex.run(id, once); // so that they do not contend for the lock
      if (typeof result === 'boolean') return result;
      cause = result.cause;
      await pause(Math.random() * Math.min(LONGEST_PAUSE, 2 ** attempt));
    }
  }

  async #attempt(change: Change): Promise<boolean | { cause?: unknown }> {
    const { id, name, deadline, toRemove } = change;
    try {
      checkTime(deadline, id);
      const lock = await this.#locks.take(name, this.#lease, toRemove);
      return lock ? await this.#under(lock, change) : {};
    } catch (cause) {
      if (isSessionError(cause)) throw cause;
      if (hasCode(cause, ...IN_USE)) return { cause };
      if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) throw unavailable(id, cause);
      // The lock was taken away, or somebody has removed our inner folders.
      this.#sessions.forgetFolders();
      await this.#root.make('locks').catch((failure) => {
        throw unavailable(id, failure);
      });
      return { cause };
    }
  }

  /** Does the task, releases the lock and flushes what was changed. */
  async #under(lock: Lock, { task }: Change): Promise<boolean> {
    let result: Result | undefined;
    try {
      result = await task(lock);
    } finally {
      if (result === undefined) await lock.release(false);
    }
    const isToFlush = result === 'changed' && this.#flush;
    const flushed = isToFlush ? this.#sessions.flush(lock.name) : undefined;
    await Promise.allSettled([flushed, lock.release(true)]);
    await flushed;
    return result !== false;
  }

  async #isNothingThere(name: string): Promise<boolean> {
    // Whoever has the lock may be about to put a file there, however late.
    return (await this.#locks.isFree(name)) && this.#sessions.isAbsent(name);
  }

  /** Answers that nothing is there, once that would survive a power cut. */
  async #isGone(name: string): Promise<true> {
    if (this.#flush) await this.#sessions.flushAbsence(name);
    return true;
  }
}

function unavailable(id: string, cause: unknown): SessionError {
  if (isSessionError(cause)) return cause;
  return new SessionError('UNAVAILABLE', 'the file system failed; nothing was changed', {
    id,
    cause,
  });
}

// The answer should be there before the store gives up.
function deadlineOf(timeout: number): number {
  return performance.now() + timeout - Math.min(250, timeout / 8);
}

function checkTime(deadline: number, id: string, cause?: unknown): void {
  if (performance.now() < deadline) return;
  throw new SessionError('TIMEOUT', 'the lock of the session was not free in time', { id, cause });
}
