import { LmdbSessionStore } from 'sessions-lmdb';

/** What the kit opens in processes of their own. */
export function open({ folder }, options) {
  return new LmdbSessionStore(folder, options);
}
