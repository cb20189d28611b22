import { AsyncLocalStorage } from 'node:async_hooks';
import { checkOptions, type FullSessionStore, type Session, SessionError } from '@sessions/core';
import { type LeaseOptions, withLease } from '@sessions/lease';
import type { Context, MiddlewareFn } from 'telegraf';
import type { AsyncSessionStore } from 'telegraf/session';
import { defaultKey, type KeyOptions } from './conversation.ts';

/** The sessions that the exclusive run under way has read or written, as JSON text. */
const run = new AsyncLocalStorage<Map<FullSessionStore, Map<string, string>>>();

/**
 * The `store` of Telegraf's `session()`, on a store. A value, anything that JSON can hold, is kept as
 * `_state` of the session, where `conversation()` keeps its state. Methods reject as the store does, and
 * `set` and `delete` within `exclusive()` with `CONFLICT` when the session is not what was read.
 */
export function storageAdapter<T>(store: FullSessionStore): AsyncSessionStore<T> {
  checkStore(store);
  const seen = () => {
    const stores = run.getStore();
    if (stores && !stores.has(store)) stores.set(store, new Map());
    return stores?.get(store);
  };
  const read = async (key: string): Promise<T | undefined> => {
    const session = await store.read(key);
    seen()?.set(key, JSON.stringify(session));
    return session?._state;
  };
  const change = async (key: string, next: (session: Session | null) => Session | null) => {
    const expected = seen()?.get(key);
    const session = await store.update(key, (current) => {
      if (expected === undefined || JSON.stringify(current) === expected) return next(current);
      throw new SessionError('CONFLICT', 'the session was changed since it was read', { id: key });
    });
    seen()?.set(key, JSON.stringify(session));
  };
  return {
    get: (key) => readAgain(() => read(key)),
    set: (key, value) => change(key, (session) => ({ ...session, id: key, _state: value })),
    delete: (key) => change(key, () => null),
  };
}

// Telegraf keeps a promise that has failed, and awaits it ever after: this one then reads again.
function readAgain<R>(read: () => Promise<R>): Promise<R> {
  let reading: Promise<R> | undefined;
  const then: Promise<R>['then'] = (...handlers) => {
    reading ??= read().catch((error) => {
      reading = undefined;
      throw error;
    });
    return reading.then(...handlers);
  };
  // biome-ignore lint/suspicious/noThenProperty: it is one
  return Object.create(Promise.prototype, { then: { value: then } });
}

export type ExclusiveOptions<C extends Context = Context> = KeyOptions<C> & LeaseOptions;

/**
 * A middleware to put before `session()`: for each key it runs what is behind it for one update after
 * another, over all processes that share the store of leases, which nothing else may use.
 *
 * Rejects with `CONFLICT` when the turn did not come within `wait`; then nothing behind it ran.
 */
export function exclusive<C extends Context = Context>(
  leases: FullSessionStore,
  { getSessionKey = defaultKey, ...options }: ExclusiveOptions<C> = {},
): MiddlewareFn<C> {
  checkStore(leases);
  checkOptions('exclusive', options, ['getSessionKey', 'ttl', 'wait', 'signal']);
  return async (ctx, next) => {
    const key = await getSessionKey(ctx);
    if (!key) return next();
    await withLease(leases, key, () => run.run(new Map(), next), options);
  };
}

function checkStore(store: FullSessionStore): void {
  if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');
}
