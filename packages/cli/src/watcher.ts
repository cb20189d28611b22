import { type FullSessionStore, isRefusal, type ListOptions, type Session } from '@sessions/core';

export interface Change {
  readonly change: 'created' | 'changed' | 'gone';
  readonly id: string;
  readonly etag?: string;
  readonly expiresAt?: number | null;
  readonly session?: Session;
}

/** Finds what has changed in a store from one look to the next. */
export class Watcher {
  readonly #store: FullSessionStore;
  readonly #listing: ListOptions;
  readonly #etags = new Map<string, string>();
  readonly #seen = new Map<string, number>();
  #look = 0;

  constructor(store: FullSessionStore, listing: ListOptions) {
    this.#store = store;
    this.#listing = listing;
  }

  get size(): number {
    return this.#etags.size;
  }

  /** What is new since the last look; at first, all there is. */
  async *look(): AsyncGenerator<Change> {
    this.#look++;
    for await (const [id, { session, etag, expiresAt }] of this.#store.versions(this.#listing)) {
      const known = this.#etags.get(id);
      this.#seen.set(id, this.#look);
      if (known === etag) continue;
      this.#etags.set(id, etag);
      const change = known === undefined ? 'created' : 'changed';
      yield { change, id, etag, expiresAt, session };
    }
    for (const [id, seen] of this.#seen) {
      if (seen === this.#look) continue;
      this.#listing.signal?.throwIfAborted();
      if (await this.#isThere(id)) continue;
      this.#seen.delete(id);
      this.#etags.delete(id);
      yield { change: 'gone', id };
    }
  }

  /** Whether it is there all the same: a listing passes over what is corrupt, or written meanwhile. */
  async #isThere(id: string): Promise<boolean> {
    try {
      return (await this.#store.readVersion(id)) !== null;
    } catch (error) {
      if (isRefusal(error)) return true;
      throw error;
    }
  }
}
