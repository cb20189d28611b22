import type { Capabilities, Driver, DriverEntry, SessionRecord } from '@sessions/core';
import { applyPut, isRecord, SessionError } from '@sessions/core';
import { open, type RootDatabase } from 'lmdb';

/** Moves records between the store and LMDB: the bytes of the id are the key, the record JSON text. */
export class LmdbDriver implements Driver {
  readonly capabilities: Capabilities = { compareAndSet: 'host', survives: 'power-loss' };
  readonly #path: string;
  #db!: RootDatabase<string, Buffer>;

  constructor(path: string) {
    this.#path = path;
  }

  open(): void {
    // Without overlapping a write is answered when it has been flushed.
    const options = { encoding: 'string', keyEncoding: 'binary', overlappingSync: false } as const;
    this.#db = open<string, Buffer>({ path: this.#path, ...options });
  }

  get(id: string): SessionRecord | null {
    this.#db.resetReadTxn(); // or it shows what was there when this turn of the event loop began
    return this.#find(id);
  }

  #find(id: string): SessionRecord | null {
    const text = this.#db.get(Buffer.from(id));
    return text === undefined ? null : parse(text, id);
  }

  put(id: string, record: SessionRecord, expected: string | null | undefined, timeout: number) {
    return this.#alone(timeout, () => {
      const next = applyPut(this.#find(id), record, expected);
      if (typeof next === 'object') this.#db.put(Buffer.from(id), JSON.stringify(next));
      return next !== 'conflict';
    });
  }

  delete(id: string, expected: string | undefined, timeout: number) {
    return this.#alone(timeout, () => {
      if (expected !== undefined && this.#find(id)?.etag !== expected) return false;
      this.#db.remove(Buffer.from(id));
      return true;
    });
  }

  *entries(prefix: string): Generator<DriverEntry> {
    this.#db.resetReadTxn();
    const range = prefix === '' ? {} : { start: Buffer.from(prefix) };
    for (const { key, value } of this.#db.getRange(range)) {
      const id = key.toString();
      if (!id.startsWith(prefix)) return;
      try {
        yield [id, parse(value, id)];
      } catch (error) {
        yield error as SessionError;
      }
    }
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  /** Does the task, which answers at once, when it is this driver's turn to write, on this host. */
  #alone(timeout: number, task: () => boolean): Promise<boolean> {
    const deadline = performance.now() + timeout;
    return this.#db.transaction(() => {
      if (performance.now() < deadline) return task();
      throw new SessionError('TIMEOUT', 'too late to write');
    });
  }
}

function parse(text: string, id: string): SessionRecord {
  try {
    const record: unknown = JSON.parse(text);
    if (isRecord(record)) return record;
  } catch {} // told below
  throw new SessionError('CORRUPT', 'what is stored is no record', { id });
}
