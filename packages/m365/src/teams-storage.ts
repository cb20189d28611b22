import type { FullSessionStore } from '@sessions/core';
import { type ExclusiveOptions, exclusiveRuns, type GuardedStore, guarded } from '@sessions/lease';

/**
 * The `state.storage` of a Teams `App`, its `IStorage`, in a store of this family that nothing else uses.
 * A value is anything that JSON can hold, kept in a session `{ value }`. Methods reject as the store does.
 * In an exclusive turn `set` and `delete` reject with `CONFLICT` when what the turn has read was changed.
 */
// biome-ignore lint/suspicious/noExplicitAny: so that it fits wherever an App takes a storage
export class TeamsStorage<T = any> {
  readonly #store: FullSessionStore;
  readonly #values: GuardedStore;

  constructor(store: FullSessionStore) {
    this.#store = store;
    this.#values = guarded(store);
  }

  async get(key: string): Promise<T | undefined> {
    return (await this.#values.read(key))?.value;
  }

  async set(key: string, value: T): Promise<void> {
    await this.#values.replace(key, () => ({ value }));
  }

  async delete(key: string): Promise<void> {
    await this.#values.replace(key, () => null);
  }

  /**
   * Makes the app run the turns of one conversation one after another, in all processes that share the
   * store. A turn that does not come within `wait` is refused with status 500, and does not run.
   */
  exclusive<E extends { readonly body: object }, R>(
    { server }: { readonly server: { onRequest?: (event: E) => Promise<R> } },
    options?: ExclusiveOptions,
  ): void {
    const { onRequest } = server;
    if (!onRequest) throw new TypeError('the server of the app has no onRequest');
    const run = exclusiveRuns(this.#store, options);
    server.onRequest = async (event) => {
      const { conversation } = event.body as { conversation?: { id: string } };
      return conversation ? run(conversation.id, () => onRequest(event)) : onRequest(event);
    };
  }
}
