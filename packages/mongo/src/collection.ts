import { SessionError } from '@sessions/core';
import { type Collection, type Db, type Document, MongoClient } from 'mongodb';
import { SHARE_FOR_SENDING } from './call.ts';

/** The caller's own client, database or collection. */
// biome-ignore lint/suspicious/noExplicitAny: documents of any type, here nothing is read from it
export type Own = MongoClient | Db | Collection<any>;

/** Where the sessions are. */
export interface Place {
  readonly dbName: string | undefined;
  readonly collectionName: string;
}

/** A client of our own, which gives up in time. What the URL says about time does not count. */
export function connect(url: string, timeout: number): MongoClient {
  const whole = Math.max(1, Math.ceil(timeout));
  const early = Math.max(1, Math.floor(timeout * SHARE_FOR_SENDING));
  try {
    return new MongoClient(url, {
      serverSelectionTimeoutMS: early,
      waitQueueTimeoutMS: early,
      connectTimeoutMS: whole,
      socketTimeoutMS: whole,
    });
  } catch (error) {
    // Without the cause: it may hold the URL, and the URL a password.
    throw new TypeError(`the URL of the MongoDB server does not work: ${(error as Error).message}`);
  }
}

/** The collection in a client, database or collection, recognised by its methods. */
export function collectionIn(own: Own, { dbName, collectionName }: Place): Collection {
  if (has(own, 'findOne')) return own as Collection;
  if (has(own, 'collection')) return (own as Db).collection(collectionName);
  return (own as MongoClient).db(dbName).collection(collectionName);
}

export function isOwn(value: unknown): value is Own {
  return has(value, 'findOne') || has(value, 'collection') || has(value, 'db');
}

function has(value: unknown, method: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[method] === 'function'
  );
}

export const COLLATION =
  'the collection has a collation, which may take different ids for the same';

export async function checkCollation(collection: Collection): Promise<void> {
  // There may be no collection yet, or no right to look.
  const { collation } = (await collection.options().catch(() => ({}))) as Document;
  if (collation) throw new SessionError('UNAVAILABLE', COLLATION);
}
