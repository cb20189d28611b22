import { checkOptions, type FullSessionStore } from '@sessions/core';
import { type ExclusiveOptions, exclusiveRuns, guarded, LEASE_PREFIX } from '@sessions/lease';
import {
  type Context,
  type MiddlewareFn,
  type SessionOptions as OptionsOfGrammy,
  type SessionFlavor,
  type StorageAdapter,
  session as sessionOfGrammy,
} from 'grammy';
import { defaultKey } from './conversation.ts';

/**
 * Makes a `storage` for grammY's `session()` and others, on a store. A value is anything that JSON can
 * hold. It is kept as `_state` of the session, where `conversation()` keeps its state. Methods reject as
 * the store does. Behind an exclusive middleware, `write` and `delete` reject with `CONFLICT` when
 * somebody has changed the session since it was read.
 */
export function storageAdapter<T>(store: FullSessionStore): Required<StorageAdapter<T>> {
  const { read, replace } = guarded(store);
  async function* readAllEntries(): AsyncGenerator<[key: string, value: T]> {
    for await (const [key, session] of store.entries()) {
      if (!key.startsWith(LEASE_PREFIX)) yield [key, session._state];
    }
  }
  return {
    read: async (key) => (await read(key))?._state,
    write: async (key, value) => {
      await replace(key, (session) => ({ ...session, id: key, _state: value }));
    },
    delete: async (key) => {
      await replace(key, () => null);
    },
    has: async (key) => (await read(key))?._state !== undefined,
    async *readAllKeys() {
      for await (const key of store.ids()) if (!key.startsWith(LEASE_PREFIX)) yield key;
    },
    async *readAllValues() {
      for await (const [, value] of readAllEntries()) yield value;
    },
    readAllEntries,
  };
}

export interface SessionOptions<C extends Context = Context>
  extends Omit<OptionsOfGrammy<SessionOf<C>, C>, 'type' | 'storage'> {
  readonly store: FullSessionStore;
  /** One update of a session at a time, in all processes: `true`, or options; `false` by default. */
  readonly exclusive?: boolean | ExclusiveOptions | undefined;
}

/** The session that the flavor of the context names. */
type SessionOf<C> = C extends SessionFlavor<infer S> ? S : never;

/**
 * grammY's `session()` on a store. With `exclusive`, everything behind it runs for one update of a session
 * at a time, in all processes that share the store.
 *
 * Rejects with `CONFLICT` when the turn did not come within `wait`: then nothing behind it ran. Or when
 * the lease was lost and somebody else has changed the session: then nothing is stored.
 */
export function session<C extends Context = Context>(options: SessionOptions<C>): MiddlewareFn<C> {
  checkOptions('session', options, ['store', 'initial', 'prefix', 'getSessionKey', 'exclusive']);
  const { store, exclusive, ...own } = options;
  const { prefix = '', getSessionKey = defaultKey } = own;
  const handle = sessionOfGrammy<SessionOf<C>, C>({ ...own, storage: storageAdapter(store) });
  if (!exclusive) return handle as MiddlewareFn<C>;
  const run = exclusiveRuns(store, exclusive);
  return async (ctx, next) => {
    const key = await getSessionKey(ctx);
    if (key === undefined) await handle(ctx as never, next);
    else await run(prefix + key, async () => handle(ctx as never, next));
  };
}
