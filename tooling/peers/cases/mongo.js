import { LIFETIME_S, TIMEOUT_MS } from '../session.js';
import { bound, byHand, promised } from './adapt.js';

const FLOOR = 'mongodb';
const OURS = '@sessions/mongo';
const durability = 'server, journal';

export const cases = [
  { name: FLOOR, does: 'write', durability, open: mongodb },
  { name: 'connect-mongo', does: 'write', durability, floor: FLOOR, open: express },
  { name: OURS, does: 'write', durability, floor: FLOOR, open: ours },
  { name: FLOOR, does: 'update', durability, open: byHand(mongodb) },
  { name: OURS, does: 'update', durability, floor: FLOOR, open: ours },
];

export async function openOurs({ url, namespace }) {
  const { MongoSessionStore } = await import('@sessions/mongo');
  const options = {
    dbName: namespace,
    expiresIn: LIFETIME_S / 60,
    timeout: TIMEOUT_MS,
    onWarning() {},
  };
  return new MongoSessionStore(url, options).init();
}

async function ours(place) {
  return bound(await openOurs(place));
}

async function mongodb({ url, namespace }) {
  const { MongoClient } = await import('mongodb');
  const client = await new MongoClient(url).connect();
  const writeConcern = { w: 'majority', journal: true };
  const sessions = client.db(namespace).collection('sessions', { writeConcern });
  await sessions.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  return {
    write(_id, session) {
      const expiresAt = new Date(Date.now() + LIFETIME_S * 1000);
      return sessions.updateOne({ _id }, { $set: { session, expiresAt } }, { upsert: true });
    },
    read: async (_id) => (await sessions.findOne({ _id })).session,
    close: () => client.close(),
  };
}

async function express({ url, namespace }) {
  const { default: MongoStore } = await import('connect-mongo');
  const store = MongoStore.create({
    mongoUrl: url,
    dbName: namespace,
    ttl: LIFETIME_S,
    writeOperationOptions: { w: 'majority', j: true },
  });
  await store.collectionP;
  return promised(store, () => store.close());
}
