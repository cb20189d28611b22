import type { MongoClient } from 'mongodb';
import { expiryOf, type Found } from './found.ts';

/**
 * Bottender's `MongoSessionStore`: each session is a document with an `id` beside its `_id`. `module`
 * is any mongodb since 3.6.
 */
export async function* readMongo(
  url: string,
  collection: string,
  minutes: number,
  module: { MongoClient: typeof MongoClient },
): AsyncGenerator<Found> {
  const isOld = typeof module === 'function'; // before 4; later ones refuse the option
  const client = new module.MongoClient(url, isOld ? ({ useUnifiedTopology: true } as object) : {});
  try {
    await client.connect();
    // Those of @sessions/mongo have a text there.
    const documents = client
      .db()
      .collection(collection)
      .find({ _id: { $not: { $type: 'string' } } });
    for await (const { _id, ...session } of documents) {
      const { id } = session;
      if (typeof id === 'string') yield { id, session, expiresAt: expiryOf(session, minutes) };
      else yield { name: String(_id), problem: 'it has no id' };
    }
  } finally {
    await client.close();
  }
}
