import { chmod, constants, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
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
  type StoreOptions,
} from '@sessions/core';
import { writeFileAtomic } from './atomic.ts';
import {
  FULL,
  flushFolder,
  hasCode,
  ignore,
  isAbsent,
  makeFolders,
  makeInnerFolder,
} from './folder.ts';
import { encode } from './format.ts';
import { Gate } from './gate.ts';
import { list } from './list.ts';
import { type Lock, Locks } from './lock.ts';
import { largestFile, readSession } from './read.ts';

const AT_ONCE = 32; // files open, at most
const MAX_SESSION_BYTES = 8 * 1024 * 1024; // by default, as in core
const LONGEST_PAUSE = 25;

const WRITE = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);
const READ_ONLY = ['EROFS', 'EACCES', 'EPERM'];
// Another process has the file open, and Windows minds.
const IN_USE = process.platform === 'win32' ? ['EPERM', 'EACCES', 'EBUSY'] : [];

export interface FileOptions extends StoreOptions {
  /**
   * Whether a write is flushed to the disk before it is acknowledged; `true` by default. With
   * `false` writes are faster and survive a crash of the process, but not a power cut or a crash
   * of the operating system: then the latest sessions may be gone, old again, or `CORRUPT`.
   */
  readonly flush?: boolean | undefined;
}

/** What happens under a lock, and the one step that makes it count. */
type Task = (lock: Lock, commit: Commit) => Promise<boolean>;
type Commit = (from: string, to: string, flush?: boolean) => Promise<void>;

export class FileDriver implements Driver {
  readonly capabilities: Capabilities;
  readonly #root: string;
  readonly #flush: boolean;
  readonly #largest: number;
  readonly #now: () => number;
  readonly #locks: Locks;
  readonly #gate = new Gate(AT_ONCE);
  readonly #mutex = new KeyedMutex();
  readonly #shards = new Set<string>();
  #lease = 0;

  constructor(dirname: string, options: number | FileOptions) {
    const {
      flush = true,
      maxSessionBytes = MAX_SESSION_BYTES,
      now = () => Date.now(),
    } = typeof options === 'object' ? (options ?? {}) : {};
    if (typeof dirname !== 'string') throw new TypeError('dirname must be a string');
    if (dirname === '' || dirname.includes('\0')) throw new RangeError('dirname names no folder');
    if (typeof flush !== 'boolean') throw new TypeError('flush must be true or false');
    this.#root = resolve(dirname);
    this.#flush = flush;
    this.#largest = largestFile(maxSessionBytes);
    this.#now = now;
    this.#locks = new Locks(join(this.#root, 'locks'));
    const isFlushed = flush && process.platform !== 'win32'; // which cannot flush a folder
    this.capabilities = {
      compareAndSet: 'host',
      survives: isFlushed ? 'power-loss' : 'process-crash',
    };
  }

  async open(timeout: number, warn: (warning: Error) => void): Promise<void> {
    // Short enough for those who wait: `update` gives one attempt half of the time that is left.
    this.#lease = timeout / 4;
    try {
      // A full disk is no reason to fail: sessions can be read.
      await this.#makeRoot().catch(ignore(...FULL));
      await this.#locks.sweep((cause) => {
        const what = 'what a process has left cannot be removed';
        warn(new SessionError('UNAVAILABLE', what, { cause }));
      });
    } catch (cause) {
      if (!hasCode(cause, ...READ_ONLY)) throw cause;
      await readdir(this.#root).catch(() => {
        throw cause;
      });
      warn(new SessionError('UNAVAILABLE', 'the sessions can be read, and not changed', { cause }));
    }
  }

  get(id: string): Promise<SessionRecord | null> {
    return this.#gate.run(() => this.#read(id));
  }

  put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    timeout: number,
  ): Promise<boolean> {
    return this.#locked(id, deadlineOf(timeout), 'write', async (lock, commit) => {
      const current = await this.#read(id);
      let next = applyPut(current, record, expected);
      if (next === 'conflict') return false;
      // The first one may have failed to flush what is there now, so that is written once more.
      if (next === 'repeat') next = current ?? record;
      const file = lock.path('session.json');
      await this.#write(file, encode(id, next));
      await this.#makeShard(id);
      await commit(file, this.#path(id));
      return true;
    });
  }

  async delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    const path = this.#path(id);
    const deadline = deadlineOf(timeout);
    const isGone = async () => {
      // Whoever has the lock may be about to put a file there, however late.
      const isIdle = await this.#locks.isFree(hashId(id));
      return isIdle && (await isAbsent(path));
    };
    const isDone = await this.#gate.run(async () => {
      const isNothingThere = await isGone().catch((cause) => {
        throw unavailable(id, cause);
      });
      return isNothingThere && this.#isGone(id);
    });
    if (isDone) return expected === undefined;
    return this.#locked(id, deadline, 'remove', async (lock, commit) => {
      if (await isAbsent(path)) return (await this.#isGone(id)) && expected === undefined;
      const current = expected === undefined ? null : await this.#read(id);
      if (expected !== undefined && current?.etag !== expected) return false;
      // What has expired may come back after a power cut: it is expired still.
      const isExpiredAnyway = current !== null && isExpired(current, this.#now());
      await commit(path, lock.path('removed'), this.#flush && !isExpiredAnyway);
      return true;
    });
  }

  entries(): AsyncGenerator<DriverEntry, void> {
    return list(this.#root, this.#gate, this.#largest);
  }

  #path(id: string): string {
    const name = hashId(id);
    return join(this.#root, name.slice(0, 2), `${name}.json`);
  }

  async #read(id: string): Promise<SessionRecord | null> {
    const found = await readSession(this.#path(id), hashId(id), this.#largest);
    return found?.record ?? null;
  }

  /** Writes the text to a new file of this name, through a temporary one beside it. */
  async #write(file: string, text: string): Promise<void> {
    // With data of its own write-file-atomic would not notice that only a part of it fits the disk.
    await writeFileAtomic(file, null as unknown as string, {
      mode: 0o600,
      fsync: this.#flush,
      tmpfileCreated: async (temporary) => {
        await chmod(temporary, 0o600); // whatever the umask
        await writeFile(temporary, text, { flag: WRITE });
      },
    });
  }

  /** Does the task under the lock of the id; an attempt that missed is made again. */
  async #locked(
    id: string,
    deadline: number,
    kind: 'write' | 'remove',
    task: Task,
  ): Promise<boolean> {
    const once = () => this.#gate.run(() => this.#attempt(id, deadline, kind, task));
    let cause: unknown;
    for (let attempt = 0; ; attempt++) {
      checkTime(deadline, id, cause);
      const result = await this.#mutex.run(id, once); // so that they do not contend for the lock
      if (typeof result === 'boolean') return result;
      cause = result.cause;
      await pause(Math.random() * Math.min(LONGEST_PAUSE, 2 ** attempt));
    }
  }

  async #attempt(
    id: string,
    deadline: number,
    kind: 'write' | 'remove',
    task: Task,
  ): Promise<boolean | { cause?: unknown }> {
    let isUntouched = true;
    const commit: Commit = async (from, to, flush = this.#flush) => {
      checkTime(deadline, id);
      isUntouched = false;
      await rename(from, to).catch((error) => {
        isUntouched = hasCode(error, 'ENOENT', ...IN_USE);
        throw error;
      });
      if (flush) await flushFolder(dirname(this.#path(id)));
    };
    try {
      checkTime(deadline, id);
      const lock = await this.#locks.take(hashId(id), this.#lease, kind === 'remove');
      if (!lock) return {};
      try {
        return await task(lock, commit);
      } finally {
        await lock.release();
      }
    } catch (cause) {
      if (!isUntouched || isSessionError(cause)) throw cause;
      if (hasCode(cause, ...IN_USE)) return { cause };
      if (!hasCode(cause, 'ENOENT')) throw unavailable(id, cause);
      // The lock was taken away, or somebody has removed our folders.
      this.#shards.clear();
      await this.#makeRoot().catch((failure) => {
        throw unavailable(id, failure);
      });
      return { cause };
    }
  }

  async #makeRoot(): Promise<void> {
    await makeFolders(this.#root, this.#flush);
    await makeInnerFolder(join(this.#root, 'locks'));
  }

  /** The folder of the id's file, made and flushed once by each process. */
  async #makeShard(id: string): Promise<void> {
    const shard = dirname(this.#path(id));
    if (this.#shards.has(shard)) return;
    await makeInnerFolder(shard);
    if (this.#flush) await flushFolder(this.#root);
    this.#shards.add(shard);
  }

  /** Answers that nothing is there, once that would survive a power cut. */
  async #isGone(id: string): Promise<true> {
    if (this.#flush) await flushFolder(dirname(this.#path(id))).catch(ignore('ENOENT'));
    return true;
  }
}

function unavailable(id: string, cause: unknown): SessionError {
  return new SessionError('UNAVAILABLE', 'the file system failed; nothing was changed', {
    id,
    cause,
  });
}

// The answer should be there before the store gives up.
function deadlineOf(timeout: number): number {
  return performance.now() + timeout - Math.min(100, timeout / 10);
}

function checkTime(deadline: number, id: string, cause?: unknown): void {
  if (performance.now() < deadline) return;
  throw new SessionError('TIMEOUT', 'the lock of the session was not free in time', { id, cause });
}
