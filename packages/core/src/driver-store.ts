import { isPromise, when } from './awaitable.ts';
import { Backend } from './backend.ts';
import { compareAndSwap, type MaybeRecord, type Next } from './compare-and-swap.ts';
import { concurrently } from './concurrently.ts';
import { Deadline } from './deadline.ts';
import { type Driver, historyAfter, newEtag, type SessionRecord } from './driver.ts';
import { SessionError } from './errors.ts';
import { expiryAt, isExpired } from './expiry.ts';
import { corrupt, unlessRefused, withHash } from './failure.ts';
import { checkId } from './id.ts';
import { type Codec, JSON_TEXT } from './json.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { publishOperations } from './operations.ts';
import { checkFunction, checkOptions } from './options.ts';
import {
  type Capabilities,
  type Changed,
  type DestroyOptions,
  type FullSessionStore,
  type InterruptOptions,
  KEEP,
  type LifetimeOptions,
  type ListOptions,
  type Session,
  type StoreOptions,
  type Version,
  type WriteOptions,
} from './session-store.ts';
import { checkCall, checkListing, storeOptions } from './store-options.ts';
import { RETURNED_UNDEFINED } from './update-session.ts';

/**
 * The store over a driver. It keeps every promise that does not depend on the backend.
 */
// The type parameters of its methods let a store of any sessions pass for one of certain sessions.
export class DriverStore<S extends Session = Session> implements FullSessionStore<S> {
  readonly capabilities: Capabilities;
  readonly #backend: Backend;
  readonly #codec: Codec<unknown>;
  readonly #options: ReturnType<typeof storeOptions>;
  readonly #mutex = new KeyedMutex();

  /**
   * `options` is a lifetime in minutes, or an object. `more` has the names of the driver's own options.
   * Throws a `TypeError` for an option that is neither in `StoreOptions` nor in `more`.
   */
  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: whatever its records hold, it has the codec for
    driver: Driver<any>,
    options: number | StoreOptions = {},
    more: readonly string[] = [],
  ) {
    this.#options = storeOptions(options, more);
    this.capabilities = driver.capabilities;
    this.#codec = (driver.codec ?? JSON_TEXT) as Codec<unknown>;
    this.#backend = new Backend(driver, this.#options.timeout, this.#options.onWarning);
  }

  async init(): Promise<this> {
    await this.#backend.ready();
    return this;
  }

  async read<T extends S = S>(id: string): Promise<T | null> {
    checkId(id);
    return when(this.#backend.get(id), (record) => this.#live<T>(record, id));
  }

  async readVersion<T extends S = S>(id: string): Promise<Version<T> | null> {
    checkId(id);
    return this.#version(await this.#backend.get(id), id);
  }

  async write(id: string, session: S, options?: WriteOptions): Promise<void> {
    checkId(id);
    if (options) checkCall(options, ['expiresIn', 'ifMatch']);
    const kept = this.#encode(id, session);
    if (options?.ifMatch !== undefined) {
      return this.#replace(id, options.ifMatch, (found) => this.#next(kept, found, options));
    }
    const record = this.#next(kept, null, options);
    return when(this.#backend.put(id, record, undefined), unlessRefused(id));
  }

  async destroy(id: string, options?: DestroyOptions): Promise<void> {
    checkId(id);
    if (options) checkCall(options, ['ifMatch']);
    if (options?.ifMatch !== undefined) return this.#replace(id, options.ifMatch, () => null);
    return when(this.#backend.delete(id, undefined), unlessRefused(id));
  }

  async update<T extends S = S>(
    id: string,
    change: (session: T | null) => Changed<T> | Promise<Changed<T>>,
    options?: LifetimeOptions,
  ): Promise<T | null> {
    checkFunction('change', change);
    // What it stored is its answer, however soon that expires.
    let at = -Infinity;
    const next: Next = (found) =>
      when(change(this.#live(found, id)), (session) => {
        if (session === undefined) throw new TypeError(RETURNED_UNDEFINED);
        if (session === KEEP) {
          at = this.#options.now();
          return found;
        }
        return session === null ? null : this.#next(this.#encode(id, session), found, options);
      });
    return this.#live(await this.#inTurn(id, next, options), id, at);
  }

  async touch(id: string, options?: LifetimeOptions): Promise<boolean> {
    let session: unknown;
    const next: Next = (found) => {
      session = this.#live(found, id);
      return found && session ? this.#next(found.session, found, options) : found;
    };
    await this.#inTurn(id, next, options);
    return !!session;
  }

  async all<T extends S = S>(options?: ListOptions): Promise<T[]> {
    const sessions: T[] = [];
    for await (const [, session] of this.entries<T>(options)) sessions.push(session);
    return sessions;
  }

  entries<T extends S = S>(options: ListOptions = {}): AsyncGenerator<[id: string, session: T]> {
    checkListing(options);
    return this.#backend.records(options, (id, record) => {
      const session = this.#live<T>(record, id);
      return session ? [id, session] : undefined;
    });
  }

  versions<T extends S = S>(
    options: ListOptions = {},
  ): AsyncGenerator<[id: string, version: Version<T>]> {
    checkListing(options);
    return this.#backend.records(options, (id, record) => {
      const version = this.#version<T>(record, id);
      return version ? [id, version] : undefined;
    });
  }

  ids(options: ListOptions = {}): AsyncGenerator<string> {
    checkListing(options);
    return (
      this.#backend.ids(options, this.#options.now) ??
      this.#backend.records(options, (id, record) =>
        isExpired(record, this.#options.now()) ? undefined : id,
      )
    );
  }

  async clear(options: ListOptions = {}): Promise<number> {
    checkListing(options);
    let cleared = 0;
    // Not `ids`: what lies under an id may be no session.
    const found = this.#backend.records(options, (id, record) => [id, this.#live(record, id)]);
    await concurrently(found, async ([id, session]) => {
      await this.destroy(id as string);
      if (session) cleared++;
    });
    return cleared;
  }

  async prune(options: InterruptOptions = {}): Promise<number> {
    checkOptions('this call', options, ['signal']);
    const { signal } = options;
    let pruned = 0;
    for (;;) {
      signal?.throwIfAborted();
      const count = await this.#backend.prune(Math.floor(this.#options.now()));
      if (count === undefined) break;
      if (!(count > 0)) return pruned;
      pruned += count;
    }
    const due = this.#backend.records({ signal }, (id, record) =>
      isExpired(record, this.#options.now()) ? ([id, record.etag] as const) : undefined,
    );
    await concurrently(due, async ([id, etag]) => {
      // A session that was written since has another etag, and stays.
      if (await this.#backend.delete(id, etag)) pruned++;
    });
    return pruned;
  }

  close(): Promise<void> {
    return this.#backend.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Changes one session; calls for one id wait for their turn, so that they do not conflict. */
  async #inTurn(id: string, next: Next, options?: LifetimeOptions): Promise<MaybeRecord> {
    checkId(id);
    if (options) checkCall(options, ['expiresIn']);
    const entered = this.#mutex.enter(id, this.#options.timeout);
    const turn = isPromise(entered) ? await entered : entered;
    try {
      const record = compareAndSwap(this.#backend, id, turn, next);
      return isPromise(record) ? await record : record;
    } finally {
      this.#mutex.leave(id, turn);
    }
  }

  /** Puts the next record in place of the version with this etag, or of none. */
  async #replace(id: string, ifMatch: string | null, next: Next): Promise<void> {
    await compareAndSwap(this.#backend, id, new Deadline(this.#options.timeout), (found) => {
      const there = this.#version(found, id);
      if ((there?.etag ?? null) === ifMatch) return next(found);
      throw new SessionError('CONFLICT', 'the session is not the version of ifMatch', { id });
    });
  }

  #version<T extends S>(record: MaybeRecord, id: string): Version<T> | null {
    const session = this.#live<T>(record, id);
    return record && session && { session, etag: record.etag, expiresAt: record.expiresAt };
  }

  /** A private copy of the session in a record that is there and has not expired. */
  #live<T extends S>(record: MaybeRecord, id: string, at = this.#options.now()): T | null {
    if (record === null || isExpired(record, at)) return null;
    try {
      return this.#codec.decode(record.session) as T;
    } catch (cause) {
      throw corrupt(id, cause); // or nested deeper than the stack
    }
  }

  #encode(id: string, session: S): unknown {
    try {
      return this.#codec.encode(session, this.#options.maxSessionBytes);
    } catch (error) {
      throw withHash(error, id);
    }
  }

  /** A new version: of the record found, or one to put in place of whatever is there. */
  #next(session: unknown, found: MaybeRecord, options?: LifetimeOptions): SessionRecord<unknown> {
    const expiresAt = expiryAt(this.#options.now(), options?.expiresIn ?? this.#options.expiresIn);
    return { session, expiresAt, etag: newEtag(), history: found ? historyAfter(found) : [] };
  }
}

publishOperations(DriverStore.prototype);
