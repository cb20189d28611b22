import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Changed,
  type FullSessionStore,
  KEEP,
  type Session,
  SessionError,
  type State,
  type StateMembers,
} from '@sessions/core';
import { type Postable, THREAD_STATE_TTL_MS } from 'chat';

type Members<T extends State> = StateMembers<Partial<T>>;

/** The half of a state adapter that is about keys. Each value is in a session `{ value }`. */
export class Values {
  readonly #store: FullSessionStore;
  #isConnected = false;
  // What the exclusive run under way has read first, or written since, as JSON text.
  readonly #run = new AsyncLocalStorage<Map<string, string>>();

  /** Throws a `TypeError` when the store has the five methods alone. */
  constructor(store: FullSessionStore) {
    if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');
    this.#store = store;
  }

  /** Makes the store ready. */
  async connect(): Promise<void> {
    await this.#store.init();
    this.#isConnected = true;
  }

  /** Keeps what is stored, and leaves the store open: whoever made it closes it. */
  async disconnect(): Promise<void> {
    this.#isConnected = false;
  }

  /**
   * Changes the state of a thread or channel as its own `setState` does, and loses no change that is
   * made at the same time. A function sees the fresh state, `{}` if there is none, and may run again.
   * A member set to `undefined` is removed. Resolves with the state that is stored then.
   */
  async setState<T extends State>(
    of: Postable<T>,
    change: Members<T> | ((state: Readonly<Partial<T>>) => Members<T> | Promise<Members<T>>),
  ): Promise<Partial<T>> {
    const key = `${'channelId' in of ? 'thread' : 'channel'}-state:${of.id}`; // as `of` itself
    const next = async (found: Session | null) => {
      const state = found?.value ?? {};
      const members = typeof change === 'function' ? await change(state) : change;
      return { value: { ...state, ...members } };
    };
    return (await this.#change(key, next, THREAD_STATE_TTL_MS))?.value;
  }

  async get<T = unknown>(key: string): Promise<T | null> {
    const found = await this.store.read(idOf(key));
    const seen = this.#run.getStore();
    // The first time: who has lost the lease may be reading what somebody else wrote since.
    if (seen && !seen.has(key)) seen.set(key, JSON.stringify(found));
    return found?.value ?? null;
  }

  async set<T = unknown>(key: string, value: T, ttlMs?: number): Promise<void> {
    await this.#change(key, () => ({ value }), ttlMs, true);
  }

  async setIfNotExists(key: string, value: unknown, ttlMs?: number): Promise<boolean> {
    let isNew = false;
    const create = (found: Session | null) => {
      isNew = found === null;
      return found ? KEEP : { value };
    };
    await this.#change(key, create, ttlMs);
    return isNew;
  }

  async delete(key: string): Promise<void> {
    await this.#change(key, () => null, undefined, true);
  }

  async appendToList(
    key: string,
    value: unknown,
    { maxLength, ttlMs }: { maxLength?: number; ttlMs?: number } = {},
  ): Promise<void> {
    const append = (found: Session | null) => ({
      value: newest([...listIn(found?.value), value], maxLength || Infinity),
    });
    await this.#change(key, append, ttlMs);
  }

  async getList<T = unknown>(key: string): Promise<T[]> {
    return listIn<T>(await this.get(key));
  }

  /** Within it nothing is put in place of what somebody else has changed since it was read. */
  protected run<R>(body: () => R): R {
    return this.#run.run(new Map(), body);
  }

  protected get store(): FullSessionStore {
    if (!this.#isConnected) throw new TypeError('not connected: call connect() first');
    return this.#store;
  }

  async #change(
    key: string,
    next: (found: Session | null) => Changed | Promise<Changed>,
    ttlMs?: number,
    isReplaced = false,
  ): Promise<Session | null> {
    const seen = this.#run.getStore();
    const expected = seen?.get(key);
    let isSeen = true;
    const change = (found: Session | null) => {
      isSeen = expected === undefined || JSON.stringify(found) === expected;
      if (isSeen || !isReplaced) return next(found);
      throw new SessionError('CONFLICT', 'the value was changed since it was read', {
        id: idOf(key),
      });
    };
    const stored = await this.store.update(idOf(key), change, lifetime(ttlMs));
    if (isSeen) seen?.set(key, JSON.stringify(stored));
    return stored;
  }
}

const idOf = (key: string) => `value:${key}`;

/** That of the store for none, or 0, as with the SDK's own states. */
export function lifetime(ttlMs: number | undefined): { expiresIn?: number } {
  return ttlMs ? { expiresIn: ttlMs / 60_000 } : {};
}

export const listIn = <T>(value: unknown): T[] => (Array.isArray(value) ? value : []);

export const newest = <T>(list: T[], count: number): T[] =>
  list.slice(Math.max(list.length - count, 0));
