import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { isSessionError, type Outcome, SessionError } from '@sessions/core';

const MOST = 64; // changes in one transaction
const PAUSE = 1; // ms: SQLite forms no line, the lock goes to whoever asks while it is free

/** Of a call: when it is over, the call has failed, and does nothing any more. */
interface Time {
  readonly isOver: boolean;
}

interface Change {
  readonly time: Time;
  readonly work: () => unknown;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Changes that wait at the same time are one transaction, with one flush. */
export class Transactions {
  readonly #database: DatabaseSync;
  readonly #isOwn: boolean;
  readonly #file: string;
  readonly #inode: string | undefined;
  readonly #waiting: Change[] = [];
  #alone = 0; // so many that wait get a transaction each

  constructor(database: DatabaseSync, isOwn: boolean) {
    this.#database = database;
    this.#isOwn = isOwn;
    const main = database.prepare("SELECT file FROM pragma_database_list WHERE name = 'main'");
    this.#file = String(main.get()?.file);
    this.#inode = inodeOf(this.#file);
  }

  /** Does the work in a transaction. Work that throws a `SessionError` has changed nothing. */
  run<T>(timeout: number, work: () => T): Promise<T> {
    const attempt = (time: Time) =>
      new Promise<T>((resolve, reject) => {
        const change = { time, work, resolve, reject };
        if (this.#waiting.push(change) === 1) void this.#workOff();
      });
    return untilFree(timeout, attempt);
  }

  async #workOff(): Promise<void> {
    while (this.#waiting.length > 0) {
      await nextTurn();
      const group = this.#waiting.splice(0, this.#alone-- > 0 ? 1 : MOST);
      this.#transact(group.filter(({ time }) => !time.isOver));
    }
  }

  #transact(group: readonly Change[]): void {
    let outcome: Outcome = 'not-applied';
    try {
      // What is written to a file that was removed is gone as soon as nobody has it open.
      if (inodeOf(this.#file) !== this.#inode) throw new Error('the file was moved or removed');
      const all = () =>
        inTransaction(this.#database, () => {
          const done = group.map(settlingOf);
          outcome = 'unknown'; // if the commit fails
          return done;
        });
      const settling = this.#isOwn ? all() : withoutSleep(this.#database, all);
      for (const settle of settling) settle();
    } catch (error) {
      if (group.length === 1 || codeOf(error) === BUSY) {
        for (const { reject } of group) reject(explain(error, outcome));
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

/** Does all of the work, or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const answer = work();
    database.exec('COMMIT');
    return answer;
  } catch (error) {
    try {
      database.exec('ROLLBACK');
    } catch {
      // After some errors SQLite has done so by itself.
    }
    throw error;
  }
}

/** Does the work with no timeout of SQLite, which a caller's database may have: this thread would sleep. */
export function withoutSleep<T>(database: DatabaseSync, work: () => T): T {
  const before = database.prepare('PRAGMA busy_timeout').get()?.timeout;
  database.exec('PRAGMA busy_timeout = 0');
  try {
    return work();
  } finally {
    database.exec(`PRAGMA busy_timeout = ${before}`);
  }
}

/**
 * Does the work, again while a lock is in its way, until its time is over. Nobody waits within it:
 * nothing else would run then, and so nothing is half done when the time is over.
 */
export function untilFree<T>(timeout: number, work: (time: Time) => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const time = { isOver: false };
    let reason: unknown;
    // The very number of the store's own timer, which comes after this one then.
    const timer = setTimeout(() => {
      time.isOver = true;
      reject(new SessionError('TIMEOUT', 'the database was not free in time', { cause: reason }));
    }, timeout);
    const attempts = async () => {
      while (!time.isOver) {
        try {
          return resolve(await work(time));
        } catch (error) {
          if (codeOf(error) !== BUSY) return reject(explain(error));
          reason = error;
          await pause(PAUSE);
        }
      }
    };
    void attempts().then(() => clearTimeout(timer));
  });
}

function inodeOf(file: string): string | undefined {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino}`;
}

const BUSY = 5;
const FULL = 13;
const DAMAGED = [11, 26]; // corrupt, not a database

/** The primary result code, if this is an error of SQLite. */
function codeOf(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff;
}

/** What an error of SQLite means; for `BUSY` see `untilFree`. */
function explain(cause: unknown, outcome: Outcome = 'not-applied'): unknown {
  const code = codeOf(cause);
  if (isSessionError(cause) || code === BUSY) return cause;
  if (DAMAGED.includes(code)) {
    const what =
      'the file is damaged, or no SQLite database: put a backup in its place, or what `.recover` of sqlite3 saves';
    return new SessionError('CORRUPT', what, { cause });
  }
  // On a full disk it fails before anything is committed.
  const known = code === FULL ? 'not-applied' : outcome;
  return new SessionError('UNAVAILABLE', 'the database failed', { outcome: known, cause });
}
