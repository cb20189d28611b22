import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { isSessionError, type Outcome, SessionError } from '@sessions/core';

const MOST = 64; // changes in one transaction
const PAUSE = 1; // ms: SQLite forms no line, the lock goes to whoever asks while it is free

interface Change {
  readonly deadline: number;
  readonly work: () => unknown;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: SessionError) => void;
}

/** What waits to be changed is one transaction once the lock is free, with one flush. */
export class Transactions {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #inode: string | undefined;
  #waiting: Change[] = [];
  #alone = 0; // so many that wait get a transaction each

  constructor(database: DatabaseSync) {
    this.#database = database;
    const main = database.prepare("SELECT file FROM pragma_database_list WHERE name = 'main'");
    this.#file = String(main.get()?.file);
    this.#inode = inodeOf(this.#file);
  }

  /** Does the work in a transaction. Work that throws a `SessionError` has changed nothing. */
  run<T>(timeout: number, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const change = { deadline: deadlineAfter(timeout), work, resolve, reject };
      if (this.#waiting.push(change) === 1) void this.#workOff();
    });
  }

  async #workOff(): Promise<void> {
    for (let isFree = true; this.#waiting.length > 0; ) {
      await (isFree ? nextTurn() : pause(PAUSE));
      const now = performance.now();
      for (const { deadline, reject } of this.#waiting) if (deadline <= now) reject(late());
      this.#waiting = this.#waiting.filter(({ deadline }) => deadline > now);
      isFree = this.#begin();
      if (isFree) this.#transact(this.#waiting.splice(0, this.#alone-- > 0 ? 1 : MOST));
    }
  }

  /** Answers whether the lock was free. If nothing can begin, none of what waits can be done. */
  #begin(): boolean {
    try {
      // What is written to a file that was removed is gone as soon as nobody has it open.
      if (inodeOf(this.#file) !== this.#inode) throw new Error('the file was moved or removed');
      this.#database.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (codeOf(error) === BUSY) return false;
      for (const { reject } of this.#waiting.splice(0)) reject(explain(error));
      return false;
    }
  }

  /** Does this in the transaction that has begun. */
  #transact(group: readonly Change[]): void {
    let outcome: Outcome = 'not-applied';
    try {
      const settling = group.map(settlingOf);
      outcome = 'unknown';
      this.#database.exec('COMMIT');
      for (const settle of settling) settle();
    } catch (error) {
      rollBack(this.#database);
      if (group.length === 1) {
        group[0]?.reject(explain(error, outcome));
      } else {
        // One of them may have made all of them fail.
        this.#waiting.unshift(...group);
        this.#alone = group.length;
      }
    }
  }
}

/** Does the work, and gives what tells so. */
function settlingOf({ work, resolve, reject }: Change): () => void {
  try {
    const answer = work();
    return () => resolve(answer as never);
  } catch (error) {
    if (!isSessionError(error)) throw error;
    return () => reject(error);
  }
}

export function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // After some errors SQLite has done so by itself.
  }
}

/** Does the work once no lock is in its way. Nobody waits within it: nothing else would run then. */
export async function untilFree<T>(deadline: number, work: () => T): Promise<T> {
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      return work();
    } catch (error) {
      if (codeOf(error) !== BUSY) throw explain(error);
      cause = error;
    }
    await pause(PAUSE);
  }
  throw late(cause);
}

/** So that the answer is there before the store gives up. */
export function deadlineAfter(timeout: number): number {
  return performance.now() + timeout - Math.min(250, timeout / 8);
}

function inodeOf(file: string): string | undefined {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino}`;
}

const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/** The primary result code, if this is an error of SQLite. */
function codeOf(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff;
}

function late(cause?: unknown): SessionError {
  return new SessionError('TIMEOUT', 'the lock of the database was not free in time', { cause });
}

function explain(cause: unknown, outcome: Outcome = 'not-applied'): SessionError {
  if (isSessionError(cause)) return cause;
  const code = codeOf(cause);
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    const what =
      'the file is damaged, or no SQLite database: put a backup in its place, or what `.recover` of sqlite3 saves';
    return new SessionError('CORRUPT', what, { cause });
  }
  // On a full disk it fails before anything is committed.
  const known = code === FULL ? 'not-applied' : outcome;
  return new SessionError('UNAVAILABLE', 'the database failed', { outcome: known, cause });
}
