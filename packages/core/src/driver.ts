import { randomFillSync } from 'node:crypto';
import type { SessionError } from './errors.ts';
import type { Codec } from './json.ts';
import type { Capabilities } from './session-store.ts';

/** One stored session with its bookkeeping. */
export interface SessionRecord<K = string> {
  /** JSON text, unless the driver has a codec of its own. */
  readonly session: K;
  /** Whole milliseconds since 1970, or `null` for never. */
  readonly expiresAt: number | null;
  /** The random name of this version. */
  readonly etag: string;
  /** The etags of the versions before, newest first, at most `HISTORY_LENGTH`. */
  readonly history: readonly string[];
}

/** Whether this has the shape of a record. The store checks what a driver gives it with this. */
export function isRecord<K = string>(value: unknown): value is SessionRecord<K> {
  if (typeof value !== 'object' || value === null) return false;
  const { session, expiresAt, etag, history } = value as SessionRecord<unknown>;
  return (
    session !== undefined &&
    session !== null &&
    (expiresAt === null || Number.isFinite(expiresAt)) &&
    typeof etag === 'string' &&
    Array.isArray(history)
  );
}

/** How many former etags a record remembers. */
export const HISTORY_LENGTH = 8;

/**
 * What a backend implements. It moves records and nothing else: the store around it validates,
 * copies, expires, retries, and bounds every call in time.
 *
 * Methods may answer at once or with a promise. What they throw becomes `UNAVAILABLE`, with
 * `outcome: 'unknown'` where something might have changed, unless it is a `SessionError`.
 * `timeout` is the milliseconds that the store goes on waiting for the answer: see that nothing is
 * applied after it, not even from a socket that the backend reads later.
 */
export interface Driver<K = string> {
  readonly capabilities: Capabilities;

  /** For records that hold sessions as something else than JSON text. */
  readonly codec?: Codec<K> | undefined;

  /**
   * Connects, creates what is missing. Called once for all who wait, and again after it failed, which
   * must leave nothing behind. `warn` takes what the user should know and what is no reason to fail.
   */
  open?(timeout: number, warn: (warning: Error) => void): void | PromiseLike<void>;

  /** The record, expired or not; `null` when there is none. Throws `CORRUPT` for an unreadable one. */
  get(id: string, timeout: number): Found<K> | PromiseLike<Found<K>>;

  /**
   * Stores the record if the backend holds what is expected, in one atomic step: a record with the
   * etag `expected`; no record, for `null`; whatever is there, for `undefined`, and then
   * the etags of the record that is replaced become the new one's history.
   *
   * Answers `true` also, changing nothing, when the record's own etag is already the current one
   * or in its history: then this is a repeat of a command that was applied. Answers `false` when
   * something else is there. Throws `CORRUPT` in place of overwriting what it cannot read.
   *
   * `applyPut` makes this decision for backends that can run it while nobody else writes.
   */
  put(
    id: string,
    record: SessionRecord<K>,
    expected: string | null | undefined,
    timeout: number,
  ): boolean | PromiseLike<boolean>;

  /**
   * Removes the record, corrupt or not, in one atomic step, and answers `true`, also when there is none.
   * With `expected`, only when its etag is that one: answers `false` when another is there, or one that
   * cannot be read, or none.
   */
  delete(id: string, expected: string | undefined, timeout: number): boolean | PromiseLike<boolean>;

  /**
   * Every record once, expired ones too, in bounded memory, of which the id begins with `prefix`, as
   * far as the backend can tell: the store leaves out the others. In place of one that cannot be read
   * comes the `SessionError` with code `CORRUPT`. Each step has `timeout` to itself: where many things
   * may have to be passed over, yield `null` now and then.
   */
  entries(prefix: string): AsyncIterable<DriverEntry<K>> | Iterable<DriverEntry<K>>;

  /**
   * As `entries`, ids alone, for a backend that need not read the sessions for that: each with its
   * `expiresAt`, or alone where the backend shows nothing that has expired. Without this method the
   * store goes through `entries`.
   */
  ids?(prefix: string): AsyncIterable<DriverId | null> | Iterable<DriverId | null>;

  /**
   * Removes records with `expiresAt <= now`, and answers how many. It is asked again until that is 0,
   * so a backend with millions of them removes some at a time. Without this method the store goes
   * through `entries`.
   */
  prune?(now: number, timeout: number): number | PromiseLike<number>;

  /** Lets go of what `open` took. Called once, if that succeeded. */
  close?(): void | PromiseLike<void>;
}

type Found<K> = SessionRecord<K> | null;

export type DriverEntry<K = string> =
  | readonly [id: string, record: SessionRecord<K>]
  | SessionError
  | null;

export type DriverId = string | readonly [id: string, expiresAt: number | null];

/**
 * The decision behind `Driver.put`: the record to store now, or whether the command was a
 * `'repeat'` (answer `true`) or meets a `'conflict'` (answer `false`).
 */
export function applyPut<K>(
  current: SessionRecord<K> | null | undefined,
  record: SessionRecord<K>,
  expected: string | null | undefined,
): SessionRecord<K> | 'repeat' | 'conflict' {
  if (!current) return typeof expected === 'string' ? 'conflict' : record;
  if (current.etag === record.etag || current.history.includes(record.etag)) return 'repeat';
  if (expected === undefined) {
    const { session, expiresAt, etag } = record;
    return { session, expiresAt, etag, history: historyAfter(current) };
  }
  return current.etag === expected ? record : 'conflict';
}

/** The history of the version that replaces this one. */
export function historyAfter(current: SessionRecord<unknown>): string[] {
  return [current.etag, ...current.history].slice(0, HISTORY_LENGTH);
}

const ETAG_LENGTH = 12;
const random = Buffer.allocUnsafeSlow(9 * 256);
let unused = '';

/** A new random name for a version: 72 bits, 12 characters of base64url. */
export function newEtag(): string {
  if (unused === '') unused = randomFillSync(random).toString('base64url');
  const etag = unused.slice(0, ETAG_LENGTH);
  unused = unused.slice(ETAG_LENGTH);
  return etag;
}
