import { MongoSessionStore } from '@sessions/mongo';

/** What the kit opens in processes of their own. */
export function open({ url, dbName }, options) {
  return new MongoSessionStore(url, { dbName }, options);
}
