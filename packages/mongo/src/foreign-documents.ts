import type { Collection } from 'mongodb';

const WARNING =
  "the collection has documents with an ObjectId as _id, which are not sessions; the store does not see them: see 'Coming from Bottender' in the README of @sessions/mongo";

/** What to tell of documents that no store wrote, or `undefined`: one look at the index of `_id`. */
export async function foreignDocumentsIn(
  collection: Collection,
  maxTimeMS: number,
): Promise<string | undefined> {
  const query = { maxTimeMS, projection: { _id: 1 } };
  const found = await collection.findOne({ _id: { $type: 'objectId' } }, query).catch(() => null);
  return found ? WARNING : undefined;
}
