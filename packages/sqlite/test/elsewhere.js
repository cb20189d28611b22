import { SqliteSessionStore } from '@sessions/sqlite';

/** What the kit opens in processes of their own. */
export function open({ path, synchronous }, options) {
  return new SqliteSessionStore(path, { ...options, synchronous });
}
