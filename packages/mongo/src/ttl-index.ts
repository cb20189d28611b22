import { SessionError } from '@sessions/core';
import type { Collection, Document } from 'mongodb';
import { codeOf, redacted } from './failure.ts';

const INDEX = { expiresAt: 1 } as const;

/** Sees that the server removes documents once `expiresAt` has come. */
export async function ensureIndex(collection: Collection): Promise<void> {
  try {
    const writeConcern = { w: 'majority' } as const;
    await collection.createIndex(INDEX, { expireAfterSeconds: 0, writeConcern } as object);
  } catch (error) {
    if (codeOf(error) === undefined) throw error; // no answer
    const there = await indexOf(collection).catch(() => undefined);
    if (there && isFit(there)) return;
    if (there && (await isMended(collection, there))) return;
    throw new SessionError('UNAVAILABLE', advice(collection, there), { cause: redacted(error) });
  }
}

/** The index on `expiresAt`, whatever its options; one for all documents if there is one. */
async function indexOf(collection: Collection): Promise<Document | undefined> {
  const indexes: Document[] = await collection.indexes();
  const ours = indexes.filter(({ key }) => JSON.stringify(key) === JSON.stringify(INDEX));
  return ours.find((index) => !index.partialFilterExpression) ?? ours[0];
}

function isFit(index: Document): boolean {
  return index.expireAfterSeconds === 0 && !index.partialFilterExpression;
}

/** Lets the server change how long after `expiresAt` it waits, if that is all that is wrong. */
async function isMended(collection: Collection, index: Document): Promise<boolean> {
  if (index.partialFilterExpression) return false;
  try {
    await collection.db.command({
      collMod: collection.collectionName,
      index: { name: index.name, expireAfterSeconds: 0 },
    });
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return false;
  }
}

function advice({ collectionName }: Collection, there: Document | undefined): string {
  const sessions = `db.getCollection(${JSON.stringify(collectionName)})`;
  const create = `${sessions}.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 })`;
  const otherwise = 'or set autoIndex to false and call prune() now and then';
  return there
    ? `there is an index on expiresAt with other options; run ${sessions}.dropIndex(${JSON.stringify(there.name)}) and ${create}, ${otherwise}`
    : `the index on expiresAt could not be created; have somebody who may run ${create}, ${otherwise}`;
}
