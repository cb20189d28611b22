import { isUtf8 } from 'node:buffer';
import {
  type Capabilities,
  type Driver,
  type DriverEntry,
  type DriverId,
  isRecord,
  SessionError,
  type SessionRecord,
} from '@sessions/core';
import { Call } from './call.ts';
import { corrupt } from './failure.ts';
import { checked, type Given } from './given.ts';
import { Hosts } from './hosts.ts';
import {
  createFor,
  quotedName,
  type Statement,
  type Statements,
  statementsFor,
} from './statements.ts';

const ZERO = Buffer.of(0);
const AFTER_ALL = Buffer.of(0xff); // no byte of UTF-8 is as large

export interface PostgresDriverOptions {
  readonly table?: string | undefined;
  readonly autoCreate?: boolean | undefined;
}

export class PostgresDriver implements Driver {
  readonly capabilities: Capabilities = { compareAndSet: 'cluster', survives: 'power-loss' };
  readonly #given: ReturnType<typeof checked>;
  readonly #table: string;
  readonly #autoCreate: boolean;
  readonly #statements: Statements;
  #hosts: Hosts | undefined;
  #timeout = 0;

  constructor(given: Given, options: PostgresDriverOptions = {}) {
    const { table = 'sessions', autoCreate = true } = options;
    if (typeof autoCreate !== 'boolean') throw new TypeError('autoCreate must be true or false');
    this.#statements = statementsFor(table);
    this.#table = table;
    this.#autoCreate = autoCreate;
    this.#given = checked(given);
  }

  async open(timeout: number, warn: (warning: Error) => void): Promise<void> {
    const hosts = new Hosts(this.#given, timeout);
    try {
      const left = timeout - Math.min(20, timeout / 10); // in time to say why
      await Call.run(hosts, left, (call) => this.#prepare(call, warn));
    } catch (error) {
      void hosts.close();
      throw error;
    }
    this.#hosts = hosts;
    this.#timeout = timeout;
  }

  get(id: string, timeout: number): Promise<SessionRecord | null> {
    return this.#run(timeout, (call) => this.#find(call, Buffer.from(id)));
  }

  put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    timeout: number,
  ): Promise<boolean> {
    const { replace, create, write } = this.#statements;
    const { session, expiresAt, etag, history } = record;
    const key = Buffer.from(id);
    const values = [key, session, expiresAt, etag, history];
    return this.#run(timeout, async (call) => {
      for (;;) {
        const { rowCount } =
          typeof expected === 'string'
            ? await call.ask(replace, ...values, expected)
            : await call.ask(expected === null ? create : write, ...values);
        if (rowCount === 1) return true;
        const found = await this.#find(call, key);
        if (found?.etag === etag || found?.history.includes(etag)) return true;
        if (expected !== undefined) return false;
      } // otherwise others have changed or destroyed it since
    });
  }

  delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    const { remove, destroy } = this.#statements;
    const key = Buffer.from(id);
    return this.#run(timeout, async (call) => {
      if (expected !== undefined) return (await call.ask(remove, key, expected)).rowCount === 1;
      await call.ask(destroy, key);
      return true;
    });
  }

  async *entries(prefix: string): AsyncGenerator<DriverEntry, void> {
    for await (const [key, ...row] of this.#rows(this.#statements.entries, prefix)) {
      yield entryOf(key, row);
    }
  }

  async *ids(prefix: string): AsyncGenerator<DriverId | null, void> {
    for await (const [key, expiresAt] of this.#rows(this.#statements.ids, prefix)) {
      yield isUtf8(key) ? [key.toString(), momentIn(expiresAt)] : null;
    }
  }

  prune(now: number, timeout: number): Promise<number> {
    const { prune } = this.#statements;
    return this.#run(timeout, async (call) => (await call.ask(prune, now)).rowCount ?? 0);
  }

  async close(): Promise<void> {
    await this.#hosts?.close();
  }

  #run<T>(timeout: number, work: (call: Call) => Promise<T>): Promise<T> {
    return Call.run(this.#hosts as Hosts, timeout, work); // it is open
  }

  async #prepare(call: Call, warn: (warning: Error) => void): Promise<void> {
    const { look, get } = this.#statements;
    const { rows } = await call.ask(look, quotedName(this.#table));
    const [encoding, table, persistence, fsync, commit] = rows[0] as string[];
    if (encoding !== 'UTF8') {
      throw new SessionError('UNAVAILABLE', `the database has encoding ${encoding}, and not UTF8`);
    }
    if (!table && this.#autoCreate) {
      await call.ask(createFor(this.#table, Math.ceil(call.left)));
    }
    await call.ask(get, ZERO); // fails for a table of others
    const doubts = [];
    if (persistence === 'u') doubts.push('the table is unlogged');
    if (fsync === 'off') doubts.push('fsync is off');
    if (commit === 'off') doubts.push('synchronous_commit is off');
    if (doubts.length > 0) {
      warn(new Error(`PostgreSQL may lose sessions in a crash: ${doubts.join(', and ')}`));
    }
  }

  async #find(call: Call, key: Buffer): Promise<SessionRecord | null> {
    const { rows } = await call.ask(this.#statements.get, key);
    return rows[0] ? recordIn(rows[0]) : null;
  }

  /** In pages by id, so that nothing is held between two of them. */
  async *#rows(statement: Statement, prefix: string): AsyncGenerator<[Buffer, ...Row]> {
    let from = Buffer.from(prefix);
    const end = Buffer.concat([from, AFTER_ALL]);
    for (;;) {
      const { rows } = await this.#run(this.#timeout, (call) => call.ask(statement, from, end));
      if (rows.length === 0) return;
      for (const [hex, ...row] of rows) {
        const key = Buffer.from(hex as string, 'hex');
        yield [key, ...row];
        from = Buffer.concat([key, ZERO]); // what comes next after it
      }
    }
  }
}

/** What the server answers of a record: `session`, `expires_at`, `etag` and `history`. */
type Row = (string | null | undefined)[];

function recordIn([session, expiresAt, etag, history]: Row): SessionRecord {
  const record = {
    session,
    expiresAt: momentIn(expiresAt),
    etag,
    history: JSON.parse(history ?? 'null'),
  };
  if (isRecord(record)) return record;
  throw corrupt();
}

function entryOf(key: Buffer, row: Row): DriverEntry {
  const id = isUtf8(key) ? key.toString() : undefined;
  try {
    if (id === undefined) return corrupt();
    return [id, recordIn(row)];
  } catch {
    return corrupt(id);
  }
}

function momentIn(expiresAt: string | null | undefined): number | null {
  return expiresAt === null || expiresAt === undefined ? null : Number(expiresAt);
}
