import type { FullSessionStore } from '@sessions/core';
import type { ConversationStore } from '@slack/bolt';

/**
 * Makes a `convoStore` for an `App`, on a store. A value is anything that JSON can hold. It is kept as
 * `_state` of the session, where `conversation()` keeps its state.
 *
 * `set` takes the end of the value's lifetime in milliseconds since 1970; without it the value lives
 * as long as the store says. `get` rejects when there is none, and both reject as the store does.
 */
// biome-ignore lint/suspicious/noExplicitAny: as Bolt's own
export function conversationStore<T = any>(store: FullSessionStore): ConversationStore<T> {
  if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');
  return {
    async set(id, value, expiresAt) {
      const expiresIn = expiresAt === undefined ? undefined : (expiresAt - Date.now()) / 60_000;
      if (expiresIn !== undefined && expiresIn <= 0) return store.destroy(id);
      const next = (session: object | null) => ({ ...session, id, _state: value });
      await store.update(id, next, { expiresIn });
    },
    async get(id) {
      const session = await store.read(id);
      if (session?._state === undefined) throw new Error('Conversation not found');
      return session._state;
    },
  };
}
