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
import { openFile, setUp } from './open.ts';
import { deadlineAfter, Transactions, untilFree } from './transactions.ts';

/** What the store uses of a `DatabaseSync` of `node:sqlite`, which is one. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): object;
}

export interface SqliteOptions extends StoreOptions {
  /**
   * Whether a write is flushed to the disk before it is acknowledged: `'FULL'`, the default. With
   * `'NORMAL'` writes are faster and survive a crash of the process, but a power cut or a crash of
   * the operating system may take the latest ones away.
   */
  readonly synchronous?: 'FULL' | 'NORMAL' | undefined;
  /** The table; `sessions` by default. */
  readonly table?: string | undefined;
}

// A page of a listing: so many rows, or the first with which the sessions are longer than this.
const PAGE = 200;
const PAGE_LENGTH = 1024 * 1024;
const LONGEST_STEP = 10; // milliseconds that `prune` goes on in one transaction

type Row = { id: Uint8Array; expiresAt: number | null; checksum: number } & Texts;
type Texts = Record<'etag' | 'history' | 'session', string>;

export class SqliteDriver implements Driver {
  readonly capabilities: Capabilities;
  readonly #source: string | DatabaseSync;
  readonly #table: string;
  readonly #synchronous: string;
  #timeout = 0;
  #database!: DatabaseSync; // once it is open, as the two below
  #statements!: ReturnType<typeof prepare>;
  #transactions!: Transactions;

  constructor(source: string | Database, options: SqliteOptions) {
    const { synchronous = 'FULL', table = 'sessions' } = options;
    if (synchronous !== 'FULL' && synchronous !== 'NORMAL') {
      throw new RangeError("synchronous must be 'FULL' or 'NORMAL'");
    }
    if (!/^(?!sqlite_)[a-z_]\w*$/i.test(table)) {
      throw new RangeError('table must be a name of letters, digits and _');
    }
    this.#source = typeof source === 'string' ? absolute(source) : checkDatabase(source);
    this.#table = table;
    this.#synchronous = synchronous;
    const survives = synchronous === 'FULL' ? 'power-loss' : 'process-crash';
    this.capabilities = { compareAndSet: 'host', survives };
  }

  async open(timeout: number): Promise<void> {
    this.#timeout = timeout;
    await untilFree(deadlineAfter(timeout), () => {
      const source = this.#source;
      const database = typeof source === 'string' ? openFile(source) : source;
      try {
        setUp(database, this.#table, this.#synchronous);
        this.#statements = prepare(database, this.#table);
        this.#transactions = new Transactions(database);
        this.#database = database;
      } catch (error) {
        if (database !== source) database.close();
        throw error;
      }
    });
  }

  get(id: string, timeout: number): Promise<SessionRecord | null> {
    return untilFree(deadlineAfter(timeout), () => this.#find(id));
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
        this.#statements.put.run(bytesOf(id), etag, history, expiresAt, checksum, session);
      }
      return next !== 'conflict';
    });
  }

  delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    return this.#transactions.run(timeout, () => {
      const { changes } = this.#statements.delete.run(bytesOf(id), expected ?? null);
      return changes === 1 || expected === undefined;
    });
  }

  async *entries(prefix: string): AsyncGenerator<DriverEntry, void> {
    for await (const row of this.#list(this.#statements.entries, prefix)) {
      const id = textOf(row.id);
      try {
        yield [id, recordIn(id, row)];
      } catch (error) {
        if (!isSessionError(error)) throw error;
        yield error;
      }
    }
  }

  async *ids(prefix: string): AsyncGenerator<DriverId, void> {
    for await (const row of this.#list(this.#statements.ids, prefix)) {
      yield [textOf(row.id), row.expiresAt];
    }
  }

  /** Removes as many as there is time for. */
  prune(now: number, timeout: number): Promise<number> {
    return this.#transactions.run(timeout, () => {
      const end = performance.now() + LONGEST_STEP;
      let pruned = 0;
      for (;;) {
        const changes = Number(this.#statements.prune.run(now).changes);
        pruned += changes;
        if (changes === 0 || performance.now() > end) return pruned;
      }
    });
  }

  close(): void {
    if (this.#database !== this.#source) this.#database.close();
  }

  #find(id: string): SessionRecord | null {
    const row = this.#statements.get.get(bytesOf(id));
    return row ? recordIn(id, row as Row) : null;
  }

  /** In the order of the ids, by pages; nothing is held between two of them. */
  async *#list(statement: StatementSync, prefix: string): AsyncGenerator<Row, void> {
    let from = bytesOf(prefix);
    const end = Buffer.concat([from, Buffer.of(0xff)]); // no byte of UTF-8 is as large
    for (;;) {
      const page = () => pageOf(statement, from, end);
      const rows = await untilFree(deadlineAfter(this.#timeout), page);
      yield* rows;
      const last = rows.at(-1);
      if (!last) return;
      from = Buffer.concat([last.id, Buffer.of(0)]); // nothing comes between the two
      await nextTurn();
    }
  }
}

function absolute(path: string): string {
  if (path === '' || path.includes('\0')) throw new RangeError('path names no file');
  if (path === ':memory:') throw new RangeError('for sessions in memory there is @sessions/memory');
  return resolve(path);
}

function checkDatabase(source: Database): DatabaseSync {
  if (typeof source?.prepare === 'function') return source as DatabaseSync;
  throw new TypeError('path must be a string or a DatabaseSync');
}

function prepare(database: DatabaseSync, table: string) {
  // As floating-point numbers: an integer too large to be safe would throw.
  const expiresAt = 'expires_at + 0.0 AS expiresAt';
  const columns = `etag, history, ${expiresAt}, checksum, session`;
  const range = `FROM "${table}" WHERE id >= ? AND id < ? ORDER BY id`;
  const put = ['etag', 'history', 'expires_at', 'checksum', 'session'];
  const statements = {
    get: database.prepare(`SELECT ${columns} FROM "${table}" WHERE id = ?`),
    put: database.prepare(`INSERT INTO "${table}" (id, ${put}) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET ${put.map((name) => `${name} = excluded.${name}`)}`),
    delete: database.prepare(`DELETE FROM "${table}" WHERE id = ? AND etag = ifnull(?, etag)`),
    entries: database.prepare(`SELECT id, ${columns} ${range}`),
    ids: database.prepare(`SELECT id, ${expiresAt} ${range}`),
    prune: database.prepare(`DELETE FROM "${table}" WHERE rowid IN
      (SELECT rowid FROM "${table}" WHERE expires_at <= ? LIMIT 20)`),
  };
  // The caller's database may have other ideas.
  for (const statement of Object.values(statements)) statement.setReadBigInts(false);
  return statements;
}

function pageOf(statement: StatementSync, from: Uint8Array, end: Uint8Array): Row[] {
  const page: Row[] = [];
  let length = 0;
  for (const row of statement.iterate(from, end) as Iterable<Row>) {
    page.push(row);
    length += row.session?.length ?? 0;
    if (page.length === PAGE || length > PAGE_LENGTH) break;
  }
  return page;
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

function bytesOf(id: string): Buffer {
  return Buffer.from(id);
}

function textOf(id: Uint8Array): string {
  return Buffer.from(id).toString();
}
