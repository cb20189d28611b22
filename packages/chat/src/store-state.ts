import { randomUUID } from 'node:crypto';
import { type FullSessionStore, KEEP, type Session, type StateMembers } from '@sessions/core';
import { type ExclusiveOptions, exclusiveRuns, guarded } from '@sessions/lease';
import type { Postable, QueueEntry, StateAdapter } from 'chat';
import { THREAD_STATE_TTL_MS } from 'chat';

const QUEUE_TTL_MS = 24 * 60 * 60 * 1000;

type Members<T extends Session> = StateMembers<Partial<T>>;

/** The state that `createStoreState` makes: all that the SDK asks of a state, and two helpers. */
export interface StoreState extends StateAdapter {
  /**
   * Changes the state of a thread or channel as its own `setState` does, and loses no change that is
   * made at the same time. A function sees the fresh state, `{}` if there is none, and may run again.
   * A member set to `undefined` is removed. Resolves with the state that is stored then.
   */
  setState<T extends Session>(
    of: Postable<T>,
    change: Members<T> | ((state: Readonly<Partial<T>>) => Members<T> | Promise<Members<T>>),
  ): Promise<Partial<T>>;

  /**
   * Makes a handler that runs for one message of a thread at a time, in all processes that share the
   * store. The options are those of `withLease`; `wait` and `ttl` are milliseconds.
   *
   * Rejects with `CONFLICT` when the turn did not come within `wait`; then the handler did not run.
   * When its lease was lost, `set` and `delete` in it reject with `CONFLICT` if somebody else has
   * changed what it has read.
   */
  exclusive<A extends [thread: { readonly id: string }, ...unknown[]], R>(
    handler: (...args: A) => R | Promise<R>,
    options?: ExclusiveOptions,
  ): (...args: A) => Promise<R>;
}

/**
 * Makes a `state` for a `Chat`, on a store of this family that nothing else uses. Each value, lock, queue
 * and subscription is a session `{ value }`. Lifetimes are milliseconds; without one, the store's own
 * counts. Methods reject as the store does, and with a `TypeError` before `connect`.
 *
 * Throws a `TypeError` when the store has only the five methods.
 */
export function createStoreState(store: FullSessionStore): StoreState {
  const sessions = guarded(store);
  let isConnected = false;
  const open = () => {
    if (isConnected) return sessions;
    throw new TypeError('not connected: call connect() first');
  };

  /** Keeps the newest items of a list, and resolves with how many they are. */
  const append = async (id: string, item: unknown, max: number, ttlMs?: number) => {
    const next = (found: Session | null) => {
      const list = [...listIn(found), item];
      return { value: list.slice(Math.max(list.length - max, 0)) };
    };
    return listIn(await open().update(id, next, lifetime(ttlMs))).length;
  };
  const create = async (id: string, value: unknown, ttlMs?: number) => {
    let isNew = false;
    const next = (found: Session | null) => {
      isNew = found === null;
      return found ? KEEP : { value };
    };
    await open().update(id, next, lifetime(ttlMs));
    return isNew;
  };
  const remove = async (id: string) => void (await open().replace(id, () => null));

  return {
    connect: async () => {
      await store.init();
      isConnected = true;
    },
    // The store stays open: whoever made it closes it.
    disconnect: async () => {
      isConnected = false;
    },

    get: async (key) => (await open().read(`value:${key}`))?.value ?? null,
    set: async (key, value, ttlMs) => {
      await open().replace(`value:${key}`, () => ({ value }), lifetime(ttlMs));
    },
    setIfNotExists: (key, value, ttlMs) => create(`value:${key}`, value, ttlMs),
    delete: (key) => remove(`value:${key}`),
    getList: async (key) => listIn(await open().read(`value:${key}`)),
    appendToList: async (key, value, { maxLength, ttlMs } = {}) => {
      await append(`value:${key}`, value, maxLength || Infinity, ttlMs);
    },

    acquireLock: async (threadId, ttlMs) => {
      const lock = { threadId, token: randomUUID(), expiresAt: Date.now() + ttlMs };
      return (await create(`lock:${threadId}`, lock.token, ttlMs)) ? lock : null;
    },
    extendLock: async ({ threadId, token }, ttlMs) => {
      const next = (found: Session | null) => (found?.value === token ? found : KEEP);
      return (await open().update(`lock:${threadId}`, next, lifetime(ttlMs)))?.value === token;
    },
    releaseLock: async ({ threadId, token }) => {
      await open().update(`lock:${threadId}`, (found) => (found?.value === token ? null : KEEP));
    },
    forceReleaseLock: (threadId) => remove(`lock:${threadId}`),

    enqueue: (threadId, entry, maxSize) =>
      append(`queue:${threadId}`, entry, maxSize, QUEUE_TTL_MS),
    dequeue: async (threadId) => {
      let first: QueueEntry | undefined;
      const next = (found: Session | null) => {
        const [head, ...rest] = listIn<QueueEntry>(found);
        first = head;
        return rest.length > 0 ? { value: rest } : null;
      };
      await open().update(`queue:${threadId}`, next, lifetime(QUEUE_TTL_MS));
      return first ?? null;
    },
    queueDepth: async (threadId) => listIn(await open().read(`queue:${threadId}`)).length,

    subscribe: async (threadId) => {
      await open().update(`subscription:${threadId}`, () => ({ value: true }));
    },
    unsubscribe: (threadId) => remove(`subscription:${threadId}`),
    // Starts its lifetime anew: the subscription of a thread that goes on does not end.
    isSubscribed: async (threadId) => !!open() && store.touch(`subscription:${threadId}`),

    setState: async (of, change) => {
      const id = `value:${'channelId' in of ? 'thread' : 'channel'}-state:${of.id}`; // as `of` itself
      const next = async (found: Session | null) => {
        const state = found?.value ?? {};
        const members = typeof change === 'function' ? await change(state) : change;
        return { value: { ...state, ...members } };
      };
      return (await open().update(id, next, lifetime(THREAD_STATE_TTL_MS)))?.value;
    },
    exclusive: (handler, options) => {
      const run = exclusiveRuns(store, options);
      return async (...args) => open() && run(args[0].id, () => handler(...args));
    },
  };
}

/** That of the store for none, or 0, as with the SDK's own states. */
const lifetime = (ttlMs: number | undefined) => (ttlMs ? { expiresIn: ttlMs / 60_000 } : {});

const listIn = <T>(found: Session | null): T[] => (Array.isArray(found?.value) ? found.value : []);
