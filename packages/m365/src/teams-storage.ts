import type { FullSessionStore } from '@sessions/core';

/**
 * The `storage` of a Teams `App`, its `IStorage`, in a store of this family that nothing else uses. A
 * value, anything that JSON can hold, is in a session `{ value }`. Methods reject as the store does.
 */
export class TeamsStorage<T = unknown> {
  readonly #store: FullSessionStore;

  constructor(store: FullSessionStore) {
    this.#store = store;
  }

  async get(key: string): Promise<T | undefined> {
    return (await this.#store.read(key))?.value;
  }

  async set(key: string, value: T): Promise<void> {
    await this.#store.write(key, { value });
  }

  async delete(key: string): Promise<void> {
    await this.#store.destroy(key);
  }
}
