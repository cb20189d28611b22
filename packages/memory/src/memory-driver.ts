import {
  applyPut,
  type Capabilities,
  type Codec,
  type Driver,
  type DriverEntry,
  isExpired,
  type Session,
  SessionError,
  type SessionRecord,
  type StoreOptions,
} from '@sessions/core';
import { LRUCache } from 'lru-cache';
import { PLAIN_COPY } from './plain-copy.ts';

export interface MemoryOptions extends StoreOptions {
  /** Bytes that all sessions and ids together may take as JSON text; unbounded by default. */
  readonly maxBytes?: number | undefined;
}

export class MemoryDriver implements Driver<Session> {
  readonly capabilities: Capabilities = { compareAndSet: 'process', survives: 'nothing' };
  readonly codec: Codec<Session> = PLAIN_COPY;
  readonly #cache: LRUCache<string, SessionRecord<Session>>;
  readonly #maxBytes: number;
  readonly #now: () => number;

  constructor(max: number, options: number | MemoryOptions) {
    const { maxBytes = Infinity, now = () => Date.now() } =
      typeof options === 'object' ? (options ?? {}) : {};
    checkBound('max', max);
    checkBound('maxBytes', maxBytes);
    this.#maxBytes = maxBytes;
    this.#now = now;
    this.#cache = new LRUCache(boundsOf(max, maxBytes));
  }

  get(id: string): SessionRecord<Session> | null {
    const record = this.#cache.get(id);
    if (!record) return null;
    if (!isExpired(record, this.#now())) return record;
    this.#cache.delete(id);
    return null;
  }

  put(id: string, record: SessionRecord<Session>, expected: string | null | undefined): boolean {
    const next = applyPut(this.#cache.peek(id), record, expected);
    if (next === 'repeat') return true;
    if (next === 'conflict') return false;
    // lru-cache would drop the old value silently.
    if (this.#maxBytes !== Infinity && bytesOf(record, id) > this.#maxBytes) {
      throw new SessionError(
        'TOO_LARGE',
        `the session alone is larger than maxBytes, ${this.#maxBytes}`,
      );
    }
    this.#cache.set(id, next);
    return true;
  }

  delete(id: string, expected: string | undefined): boolean {
    const current = this.#cache.peek(id);
    if (expected !== undefined && current?.etag !== expected) return false;
    this.#cache.delete(id);
    return true;
  }

  *entries(prefix: string): Generator<DriverEntry<Session>> {
    // The ids first: every use of a session moves it within the cache.
    for (const id of [...this.#cache.keys()]) {
      const record = id.startsWith(prefix) && this.#cache.peek(id);
      if (record) yield [id, record];
    }
  }

  close(): void {
    this.#cache.clear();
  }
}

// For more lru-cache counts, where it would set aside room for `max` entries at once.
const MOST_ROOM = 1_000_000;

// lru-cache wants one bound at least.
function boundsOf(
  max: number,
  maxBytes: number,
): LRUCache.Options<string, SessionRecord<Session>, unknown> {
  if (maxBytes !== Infinity) {
    const sizes = { maxSize: maxBytes, sizeCalculation: bytesOf };
    return max === Infinity ? sizes : { ...sizes, max };
  }
  if (max <= MOST_ROOM) return { max };
  return { maxSize: Math.min(max, Number.MAX_SAFE_INTEGER), sizeCalculation: () => 1 };
}

function bytesOf({ session }: SessionRecord<Session>, id: string): number {
  return Buffer.byteLength(JSON.stringify(session)) + Buffer.byteLength(id);
}

function checkBound(name: string, bound: unknown): void {
  if (typeof bound !== 'number') throw new TypeError(`${name} must be a number`);
  if (bound !== Infinity && !(Number.isSafeInteger(bound) && bound > 0)) {
    throw new RangeError(`${name} must be a whole number above 0, or Infinity, not ${bound}`);
  }
}
