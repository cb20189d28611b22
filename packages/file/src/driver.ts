import { lstat, rename } from 'node:fs/promises';
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
import { flushFolder, hasCode } from './folder.ts';
import { encode } from './format.ts';
import { Gate } from './gate.ts';
import { list } from './list.ts';
import type { Lock, Locks } from './lock.ts';
import { openFolder } from './open.ts';
import { checkDirname, checkOptions, type FileOptions } from './options.ts';
import { largestFile, readSession } from './read.ts';
import type { Root } from './root.ts';
import { writeNew } from './write.ts';

const AT_ONCE = 32; // files open, at most
const LONGEST_PAUSE = 25;

// Another process has the file open, and Windows minds.
const IN_USE = process.platform === 'win32' ? ['EPERM', 'EACCES', 'EBUSY'] : [];

/** What happens under a lock, and the one step that makes it count. */
type Task = (lock: Lock, commit: Commit) => Promise<boolean>;
type Commit = (from: string, to: string, flush?: boolean) => Promise<void>;

export class FileDriver implements Driver {
  readonly capabilities: Capabilities;
  readonly #dirname: string;
  readonly #flush: boolean;
  readonly #largest: number;
  readonly #now: () => number;
  readonly #gate = new Gate(AT_ONCE);
  readonly #mutex = new KeyedMutex();
  readonly #shards = new Set<string>();
  #root!: Root; // once it is open, as the two below
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
    const { root, locks } = await openFolder(this.#dirname, this.#flush, warn);
    this.#root = root;
    this.#locks = locks;
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
      const written = lock.path('session.json');
      await writeNew(written, encode(id, next), this.#flush);
      await this.#makeShard(id);
      await commit(written, this.#path(id));
      return true;
    });
  }

  async delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    const deadline = deadlineOf(timeout);
    const isGone = async () => {
      // Whoever has the lock may be about to put a file there, however late.
      const isIdle = await this.#isAbsent('locks', hashId(id));
      return isIdle && (await this.#isAbsent(...placeOf(id)));
    };
    const isDone = await this.#gate.run(async () => {
      const isNothingThere = await isGone().catch((cause) => {
        throw unavailable(id, cause);
      });
      return isNothingThere && this.#isGone(id);
    });
    if (isDone) return expected === undefined;
    return this.#locked(id, deadline, 'remove', async (lock, commit) => {
      if (await this.#isAbsent(...placeOf(id))) {
        return (await this.#isGone(id)) && expected === undefined;
      }
      const current = expected === undefined ? null : await this.#read(id);
      if (expected !== undefined && current?.etag !== expected) return false;
      // What has expired may come back after a power cut: it is expired still.
      const isExpiredAnyway = current !== null && isExpired(current, this.#now());
      await commit(this.#path(id), lock.path('removed'), this.#flush && !isExpiredAnyway);
      return true;
    });
  }

  entries(): AsyncGenerator<DriverEntry, void> {
    return list(this.#root, this.#gate, this.#largest);
  }

  #path(id: string): string {
    const [shard, file] = placeOf(id);
    return `${this.#root.inner(shard)}/${file}`;
  }

  async #isAbsent(folder: string, name: string): Promise<boolean> {
    return (await this.#root.look(folder, (path) => lstat(`${path}/${name}`))) === null;
  }

  async #read(id: string): Promise<SessionRecord | null> {
    const [shard, file] = placeOf(id);
    const found = await this.#root.look(shard, (folder) =>
      readSession(`${folder}/${file}`, hashId(id), this.#largest),
    );
    return found?.record ?? null;
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
      if (flush) await flushFolder(this.#root.inner(placeOf(id)[0]));
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
      if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) throw unavailable(id, cause);
      // The lock was taken away, or somebody has removed our inner folders.
      this.#shards.clear();
      await this.#root.make('locks').catch((failure) => {
        throw unavailable(id, failure);
      });
      return { cause };
    }
  }

  /** The folder of the id's file, made and flushed once by each process. */
  async #makeShard(id: string): Promise<void> {
    const [shard] = placeOf(id);
    if (this.#shards.has(shard)) return;
    await this.#root.make(shard, this.#flush);
    this.#shards.add(shard);
  }

  /** Answers that nothing is there, once that would survive a power cut. */
  async #isGone(id: string): Promise<true> {
    if (this.#flush) await this.#root.look(placeOf(id)[0], flushFolder);
    return true;
  }
}

function placeOf(id: string): [shard: string, file: string] {
  const name = hashId(id);
  return [name.slice(0, 2), `${name}.json`];
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
