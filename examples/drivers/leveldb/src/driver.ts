import { resolve } from 'node:path';
import type { Capabilities, Driver, DriverEntry, SessionRecord } from '@sessions/core';
import { applyPut, isRecord, KeyedMutex, SessionError } from '@sessions/core';
import { ClassicLevel } from 'classic-level';

/** LevelDB lets one handle open a folder, so all drivers of this process share it. */
type Handle = { readonly db: ClassicLevel; readonly mutex: KeyedMutex; users: number };

const handles = new Map<string, Handle>();
const turns = new KeyedMutex(); // of those who open and close a folder
const FLUSHED = { sync: true };

/** Moves records between the store and LevelDB: the id is the key, the record JSON text. */
export class LeveldbDriver implements Driver {
  readonly capabilities: Capabilities = { compareAndSet: 'process', survives: 'power-loss' };
  readonly #folder: string;
  handle!: Handle;

  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  open(): Promise<void> {
    return turns.run(this.#folder, async () => {
      const found = handles.get(this.#folder);
      const db = found?.db ?? new ClassicLevel(this.#folder);
      await db.open();
      this.handle = found ?? { db, mutex: new KeyedMutex(), users: 0 };
      this.handle.users++;
      handles.set(this.#folder, this.handle);
    });
  }

  async get(id: string): Promise<SessionRecord | null> {
    const text = await this.handle.db.get(id);
    return text === undefined ? null : parse(text, id);
  }

  put(id: string, record: SessionRecord, expected: string | null | undefined, timeout: number) {
    const deadline = performance.now() + timeout;
    return this.handle.mutex.run(id, async () => {
      const next = applyPut(await this.get(id), record, expected);
      checkTime(deadline);
      if (typeof next === 'object') await this.handle.db.put(id, JSON.stringify(next), FLUSHED);
      return next !== 'conflict';
    });
  }

  delete(id: string, expected: string | undefined, timeout: number) {
    const deadline = performance.now() + timeout;
    return this.handle.mutex.run(id, async () => {
      if (expected !== undefined && (await this.get(id))?.etag !== expected) return false;
      checkTime(deadline);
      await this.handle.db.del(id, FLUSHED);
      return true;
    });
  }

  async *entries(prefix: string): AsyncGenerator<DriverEntry> {
    for await (const [id, text] of this.handle.db.iterator({ gte: prefix })) {
      if (!id.startsWith(prefix)) return;
      try {
        yield [id, parse(text, id)];
      } catch (error) {
        yield error as SessionError;
      }
    }
  }

  close(): Promise<void> {
    return turns.run(this.#folder, async () => {
      if (--this.handle.users > 0) return;
      handles.delete(this.#folder);
      await this.handle.db.close();
    });
  }
}

function checkTime(deadline: number): void {
  if (performance.now() >= deadline) throw new SessionError('TIMEOUT', 'too late to write');
}

function parse(text: string, id: string): SessionRecord {
  try {
    const record: unknown = JSON.parse(text);
    if (isRecord(record)) return record;
  } catch {} // told below
  throw new SessionError('CORRUPT', 'what is stored is no record', { id });
}
