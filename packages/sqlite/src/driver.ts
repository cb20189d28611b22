import { isUtf8 } from 'node:buffer';
import { resolve } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import {
  applyPut,
  type Capabilities,
  type Driver,
  type DriverEntry,
  type DriverId,
  isSessionError,
  SessionError,
  type SessionRecord,
  type StoreOptions,
} from '@sessions/core';
import { openFile, prepare, type Statements, setUp } from './open.ts';
import { Transactions, untilFree, withoutSleep } from './transactions.ts';

/** A `DatabaseSync` of `node:sqlite`: what the store uses of it. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): object;
}

export interface SqliteOptions extends StoreOptions {
  /**
   * `'FULL'`, the default: a write is flushed to the disk before the call succeeds. `'NORMAL'`: it is
   * not. Writes are faster then and survive a crash of the process, but a power cut or a crash of the
   * operating system may undo the latest ones.
   */
  readonly synchronous?: 'FULL' | 'NORMAL' | undefined;
  /** The table; `sessions` by default. */
  readonly table?: string | undefined;
}

const LONGEST_STEP = 10; // milliseconds that `prune` goes on in one transaction

type Row = Record<'etag' | 'history' | 'session', string> & {
  readonly id: Uint8Array;
  readonly expiresAt: number | null;
  readonly checksum: number;
};

export class SqliteDriver implements Driver {
  readonly capabilities: Capabilities;
  readonly #source: string | DatabaseSync;
  readonly #table: string;
  readonly #synchronous: string;
  #timeout = 0;
  #database!: DatabaseSync; // once it is open, as the two below
  #statements!: Statements;
  #transactions!: Transactions;

  constructor(source: string | Database, options: SqliteOptions) {
    const { synchronous = 'FULL', table = 'sessions' } = options;
    if (synchronous !== 'FULL' && synchronous !== 'NORMAL') {
      throw new RangeError("synchronous must be 'FULL' or 'NORMAL'");
    }
    if (!/^(?!sqlite_)[a-z_]\w*$/i.test(table)) {
      throw new RangeError('table must be a name of letters, digits and _');
    }
    this.#source = checked(source);
    this.#table = table;
    this.#synchronous = synchronous;
    const survives = synchronous === 'FULL' ? 'power-loss' : 'process-crash';
    this.capabilities = { compareAndSet: 'host', survives };
  }

  async open(timeout: number): Promise<void> {
    this.#timeout = timeout;
    await untilFree(timeout, () => {
      const source = this.#source;
      const isOwn = typeof source === 'string';
      const database = isOwn ? openFile(source) : source;
      this.#database = database;
      try {
        withoutSleep(database, () => setUp(database, this.#table, this.#synchronous));
        this.#statements = prepare(database, this.#table);
        this.#transactions = new Transactions(database, isOwn);
      } catch (error) {
        this.close();
        throw error;
      }
    });
  }

  get(id: string, timeout: number): Promise<SessionRecord | null> {
    return untilFree(timeout, () => this.#find(id));
  }

  put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    timeout: number,
  ): Promise<boolean> {
    return this.#transactions.run(timeout, () => {
      const next = applyPut(this.#find(id), record, expected);
      if (typeof next === 'object') {
        const { etag, expiresAt, session } = next;
        const history = JSON.stringify(next.history);
        const checksum = checksumOf(id, etag, history, expiresAt, session);
        this.#statements.put.run(Buffer.from(id), etag, history, expiresAt, checksum, session);
      }
      return next !== 'conflict';
    });
  }

  delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    return this.#transactions.run(timeout, () => {
      const { changes } = this.#statements.delete.run(Buffer.from(id), expected ?? null);
      return changes === 1 || expected === undefined;
    });
  }

  async *entries(prefix: string): AsyncGenerator<DriverEntry, void> {
    for await (const row of this.#list(this.#statements.nextEntry, prefix)) {
      const id = Buffer.from(row.id).toString();
      try {
        yield [id, recordIn(id, row)];
      } catch (error) {
        if (!isSessionError(error)) throw error;
        yield error;
      }
    }
  }

  async *ids(prefix: string): AsyncGenerator<DriverId | null, void> {
    for await (const row of this.#list(this.#statements.nextId, prefix)) {
      yield isUtf8(row.id) ? [Buffer.from(row.id).toString(), row.expiresAt] : null;
    }
  }

  /** Removes as many as there is time for. */
  prune(now: number, timeout: number): Promise<number> {
    return this.#transactions.run(timeout, () => {
      const end = performance.now() + LONGEST_STEP;
      let [pruned, some] = [0, 0];
      do {
        some = Number(this.#statements.prune.run(now).changes);
        pruned += some;
      } while (some > 0 && performance.now() < end);
      return pruned;
    });
  }

  close(): void {
    if (this.#database !== this.#source) this.#database.close();
  }

  #find(id: string): SessionRecord | null {
    const row = this.#statements.get.get(Buffer.from(id));
    return row ? recordIn(id, row as Row) : null;
  }

  /** In the order of the ids, one by one; nothing is held between two of them. */
  async *#list(statement: StatementSync, prefix: string): AsyncGenerator<Row, void> {
    let from = Buffer.from(prefix);
    const end = Buffer.concat([from, Buffer.of(0xff)]); // no byte of UTF-8 is as large
    for (;;) {
      const row = await untilFree(this.#timeout, () => statement.get(from, end) as Row | undefined);
      if (!row) return;
      yield row;
      from = Buffer.concat([row.id, Buffer.of(0)]); // nothing comes between the two
      await nextTurn();
    }
  }
}

function checked(path: string | Database): string | DatabaseSync {
  if (typeof path !== 'string') {
    if (typeof path?.prepare === 'function') return path as DatabaseSync;
    throw new TypeError('path must be a string or a DatabaseSync');
  }
  if (path === '' || path.includes('\0')) throw new RangeError('path names no file');
  if (path === ':memory:') throw new RangeError('for sessions in memory there is @sessions/memory');
  return resolve(path);
}

function recordIn(id: string, row: Row): SessionRecord {
  const { etag, history, expiresAt, checksum, session } = row;
  if (checksumOf(id, etag, history, expiresAt, session) !== checksum) {
    throw new SessionError('CORRUPT', 'the checksum of the row is wrong', { id });
  }
  return { session, expiresAt, etag, history: JSON.parse(history) };
}

function checksumOf(...parts: readonly (string | number | null)[]): number {
  return crc32(parts.join('\n'));
}
