import {
  applyPut,
  type Capabilities,
  type Driver,
  type DriverEntry,
  type SessionRecord,
} from '@sessions/core';

// TODO: the backend. These Maps, one for each place, stand for it.
const places = new Map<string, Map<string, SessionRecord>>();

/** Moves records between the store and MyBackend. Each method may be async. */
export class MyBackendDriver implements Driver {
  // TODO: what is true of the backend. Say the same in test/conformance.test.js, which tries it.
  readonly capabilities: Capabilities = { compareAndSet: 'process', survives: 'nothing' };
  readonly #place: string;
  #records = new Map<string, SessionRecord>();

  constructor(place: string) {
    this.#place = place;
  }

  /** Connects, and creates what is missing, within `timeout` milliseconds. */
  open(_timeout: number): void {
    // TODO
    this.#records = places.get(this.#place) ?? this.#records;
    places.set(this.#place, this.#records);
  }

  /** The record, expired or not. One that cannot be read: throw a `SessionError`, `CORRUPT`. */
  get(id: string, _timeout: number): SessionRecord | null {
    // TODO
    return this.#records.get(id) ?? null;
  }

  /** Stores the record if what is there is what is expected; never after `timeout`. */
  put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    _timeout: number,
  ): boolean {
    // TODO. Nobody may write between the reading and the writing: take a transaction or a lock, or
    // let the backend compare. `null` expects no record, `undefined` whatever is there.
    const next = applyPut(this.#records.get(id), record, expected);
    if (typeof next === 'object') this.#records.set(id, next);
    return next !== 'conflict';
  }

  /** Removes the record, corrupt or not; with `expected`, only the one with that etag. */
  delete(id: string, expected: string | undefined, _timeout: number): boolean {
    // TODO, in one atomic step like `put`.
    if (expected !== undefined && this.#records.get(id)?.etag !== expected) return false;
    this.#records.delete(id);
    return true;
  }

  /** Every record once, of which the id begins with `prefix`, in bounded memory. */
  *entries(prefix: string): Generator<DriverEntry> {
    // TODO, page by page. In place of a record that cannot be read yield the `SessionError`.
    for (const [id, record] of [...this.#records]) {
      if (id.startsWith(prefix)) yield [id, record];
    }
  }

  /** Lets go of what `open` took. */
  close(): void {
    // TODO
  }
}
