import { checkOptions, type FullSessionStore } from '@sessions/core';
import { type ExclusiveOptions, exclusiveRuns, guarded } from '@sessions/lease';
import { type Context, type MiddlewareFn, session as sessionOfTelegraf } from 'telegraf';
import type { AsyncSessionStore } from 'telegraf/session';
import { defaultKey, type KeyOptions } from './conversation.ts';

/**
 * Makes a `store` for Telegraf's `session()`, on a store. A value is anything that JSON can hold. It is
 * kept as `_state` of the session, where `conversation()` keeps its state. Methods reject as the store
 * does. Behind an exclusive middleware, `set` and `delete` reject with `CONFLICT` when somebody has
 * changed the session since it was read.
 */
export function storageAdapter<T>(store: FullSessionStore): AsyncSessionStore<T> {
  const { read, replace } = guarded(store);
  return {
    get: (key) => readAgain(async () => (await read(key))?._state),
    set: (key, value) => replace(key, (session) => ({ ...session, id: key, _state: value })),
    delete: (key) => replace(key, () => null),
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

export interface SessionOptions<C extends Context = Context, P extends string = 'session'>
  extends KeyOptions<C> {
  readonly store: FullSessionStore;
  /** The session of a key that has none yet. */
  readonly defaultSession?: ((ctx: C) => SessionOf<C, P>) | undefined;
  /** The name of the member of the context; `session` by default. */
  readonly property?: P | undefined;
  /** One update of a session at a time, in all processes: `true`, or options; `false` by default. */
  readonly exclusive?: boolean | ExclusiveOptions | undefined;
}

/** The session that the type of the context names. */
type SessionOf<C, P extends string> = C extends { [K in P]?: infer S } ? NonNullable<S> : never;

/**
 * Telegraf's `session()`, with all its options, on a store. With `exclusive`, everything behind it runs for
 * one update of a session at a time, in all processes that share the store.
 *
 * Rejects with `CONFLICT` when the turn did not come within `wait`: then nothing behind it ran. Or when
 * the lease was lost and somebody else has changed the session: then nothing is stored.
 */
export function session<C extends Context = Context, P extends string = 'session'>(
  options: SessionOptions<C, P>,
): MiddlewareFn<C> {
  const names = ['store', 'defaultSession', 'property', 'getSessionKey', 'exclusive'];
  checkOptions('session', options, names);
  const { store, exclusive, getSessionKey = defaultKey, ...own } = options;
  const all = { ...own, getSessionKey, store: storageAdapter(store) };
  const handle = sessionOfTelegraf(all as object) as (ctx: C, next: () => Promise<void>) => unknown;
  if (!exclusive) return handle as MiddlewareFn<C>;
  const run = exclusiveRuns(store, exclusive);
  return async (ctx, next) => {
    const key = await getSessionKey(ctx);
    if (!key) await handle(ctx, next);
    else await run(key, async () => handle(ctx, next));
  };
}
