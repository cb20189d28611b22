import { randomFillSync } from 'node:crypto';
import type { SessionError } from './errors.ts';
import type { Codec } from './json.ts';
import type { Capabilities } from './session-store.ts';

/** One stored session, with its expiry and the names of its versions. */
export interface SessionRecord<K = string> {
  /** JSON text, unless the driver has a codec of its own. */
  readonly session: K;
  /** When the session expires, in whole milliseconds since 1970; `null` for never. */
  readonly expiresAt: number | null;
  /** The random name of this version. */
  readonly etag: string;
  /** The etags of the versions before, newest first, at most `HISTORY_LENGTH`. */
  readonly history: readonly string[];
}

/** Whether this has the shape of a record. The store checks every record of a driver with it. */
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
 * Moves records between a backend and a store, and does nothing else. The store validates, copies,
 * expires, retries, and bounds every call in time.
 *
 * A method may answer at once or with a promise. A `SessionError` that it throws stays as it is. Any
 * other error becomes `UNAVAILABLE`, with `outcome: 'unknown'` if something may have changed.
 *
 * `timeout` is the milliseconds that the store goes on waiting for the answer. Nothing may be applied
 * after that, not even from a socket that the backend reads later.
 */
export interface Driver<K = string> {
  /** How far the promises of this driver reach. */
  readonly capabilities: Capabilities;

  /** For a driver whose records hold something else than JSON text. */
  readonly codec?: Codec<K> | undefined;

  /**
   * Connects, and creates what is missing. The store calls it once for all calls that wait, and again
   * after it failed. When it fails it must leave nothing behind. Call `warn` with a problem that the
   * user should know and that is no reason to fail.
   */
  open?(timeout: number, warn: (warning: Error) => void): void | PromiseLike<void>;

  /**
   * Gives the record, expired or not; `null` when there is none. Throws `CORRUPT` when it cannot
   * be read.
   */
  get(id: string, timeout: number): Found<K> | PromiseLike<Found<K>>;

  /**
   * Stores the record in one atomic step, if the backend holds what is expected, and answers `true`:
   *
   * - an etag: a record with that etag;
   * - `null`: no record;
   * - `undefined`: anything. The etags of the old record become the history of the new one.
   *
   * Answers `false` when something else is there. Throws `CORRUPT` in place of overwriting what it
   * cannot read.
   *
   * If the record's own etag is the current one, or in its history, this command was applied before:
   * answers `true` and changes nothing.
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
   * Removes the record in one atomic step, corrupt or not. Answers `true`, also when there is none.
   *
   * With `expected` it removes only a record with that etag. Answers `false` when another etag is
   * there, or one that cannot be read, or no record.
   */
  delete(id: string, expected: string | undefined, timeout: number): boolean | PromiseLike<boolean>;

  /**
   * Gives every record whose id begins with `prefix` once, expired ones too, in bounded memory. If the
   * backend cannot tell, it gives all: the store leaves out the others. In place of a record that
   * cannot be read it gives the `SessionError` with code `CORRUPT`.
   *
   * Each step has `timeout` to itself. Where much may have to be passed over, yield `null` now and then.
   */
  entries(prefix: string): AsyncIterable<DriverEntry<K>> | Iterable<DriverEntry<K>>;

  /**
   * Goes through the records like `entries`, and gives only ids, for a backend that need not read the
   * sessions for that. Gives each id with its `expiresAt`, or without it if the backend itself hides
   * what has expired. Without this method the store goes through `entries`.
   */
  ids?(prefix: string): AsyncIterable<DriverId | null> | Iterable<DriverId | null>;

  /**
   * Removes records with `expiresAt <= now`, a whole number, and answers how many. It may remove some
   * at a time: the store asks again until the answer is 0. Without this method the store goes through
   * `entries`.
   */
  prune?(now: number, timeout: number): number | PromiseLike<number>;

  /** Releases what `open` took. The store calls it once, if `open` succeeded. */
  close?(): void | PromiseLike<void>;
}

type Found<K> = SessionRecord<K> | null;

/**
 * What `entries` yields: an id with its record, an error for a record that cannot be read, or
 * `null` for nothing.
 */
export type DriverEntry<K = string> =
  | readonly [id: string, record: SessionRecord<K>]
  | SessionError
  | null;

/** What `ids` yields: an id, alone or with its `expiresAt`. */
export type DriverId = string | readonly [id: string, expiresAt: number | null];

/**
 * Decides what `Driver.put` has to do. Returns the record to store, `'repeat'` when the command was
 * applied before (answer `true`), or `'conflict'` when something else is there (answer `false`).
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
