import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { MongoSessionStore } from '@sessions/mongo';
import { MongoSessionStore as BottenderMongo } from 'bottender';
import { describeMongo, openMongo } from '../../mongo/test/server.ts';
import { type Migrated, migrate, type Problem } from '../src/index.ts';
import { countIn, countingBot } from './counting-bot.ts';
import { project, run } from './support.ts';

const none: Migrated = { copied: 0, kept: 0, expired: 0, problems: 0 };
const found = await openMongo();
afterAll(async () => {
  if ('stop' in found) await found.stop();
});

describeMongo(found, 'from Mongo', (mongo) => {
  const dbName = mongo.namespace();
  const url = mongo.direct().replace('/?', `/${dbName}?`);
  const db = mongo.client.db(dbName);
  const stores: BottenderMongo[] = [];
  beforeEach(() => db.collection('sessions').deleteMany({}));
  afterAll(async () => {
    await Promise.all(stores.map(close));
    await db.dropDatabase();
  });

  /** Whoever uses it calls `init`, once: each makes a connection. */
  function bottender(options: object = {}): BottenderMongo {
    const store = new BottenderMongo({ url, ...options });
    stores.push(store);
    return store;
  }

  function close(store: BottenderMongo): Promise<void> {
    // Of mongodb 3: a database does not lead to its client, only to what that closes.
    type Topology = { close(options: object, callback: () => void): void };
    const { s } = (store as unknown as { _connection: { s: { topology: Topology } } })._connection;
    return new Promise((closed) => s.topology.close({ force: true }, closed));
  }

  async function move(from: string, to: string, options: object = {}) {
    const problems: Problem[] = [];
    const folder = await project('@sessions/file', '@sessions/mongo', 'mongodb');
    const onProblem = (problem: Problem) => void problems.push(problem);
    const migrated = await migrate(from, to, { folder, onProblem, ...options });
    return { migrated, problems };
  }

  test('into the same collection, with what is left of each lifetime', async () => {
    const send = countingBot(bottender());
    for (const chat of [42, 43]) await send(chat);
    const sessions = db.collection('sessions');
    const lastActivity = Date.now() - 50 * 60_000;
    await sessions.updateOne({ id: 'telegram:42' }, { $set: { lastActivity } });
    await sessions.insertOne({ id: 'telegram:44', lastActivity: Date.now() - 61 * 60_000 });
    const moved = await move(url, url, { expiresIn: 60 });
    expect(moved).toEqual({ migrated: { ...none, copied: 2, expired: 1 }, problems: [] });

    const store = new MongoSessionStore(url, { onWarning: () => {} });
    const { _id, ...session } = (await sessions.findOne({ id: 'telegram:42' })) ?? {};
    const version = await store.readVersion('telegram:42');
    expect(version?.session).toEqual(session);
    expect((version?.expiresAt ?? 0) - lastActivity).toBeCloseTo(60 * 60_000, -5);
    await countingBot(store)(42);
    expect((await move(url, url)).migrated).toEqual({ ...none, copied: 1, kept: 2 });
    await sessions.deleteMany({ _id: { $type: 'objectId' } }); // as the README says
    expect(await sessions.countDocuments({ id: { $type: 'string' } })).toBe(0);
    expect(await countIn(store, 'telegram:42')).toBe(2);
    await store.close();
  });

  test('of two documents with one id the one that Bottender reads', async () => {
    const sessions = db.collection('sessions');
    await sessions.insertMany([
      { id: 'telegram:42', _state: { count: 1 } },
      { id: 'telegram:42', _state: { count: 2 } },
    ]);
    const store = bottender();
    await store.init();
    const read = await store.read('telegram:42');
    const to = await project();
    expect((await move(url, `file:${to}`)).migrated).toEqual({ ...none, copied: 1, kept: 1 });
    expect(await countIn(new FileSessionStore(to), 'telegram:42')).toBe(
      (read as unknown as { _state: { count: number } })._state.count,
    );
  });

  test('documents of others are told of, and stay', async () => {
    await countingBot(bottender())(42);
    const { insertedId } = await db.collection('sessions').insertOne({ report: 'of others' });
    const { migrated, problems } = await move(url, `file:${await project()}`);
    expect(migrated).toEqual({ ...none, copied: 1, problems: 1 });
    expect(problems).toEqual([{ name: String(insertedId), problem: 'it has no id' }]);
    expect(await db.collection('sessions').countDocuments()).toBe(2);
  });

  test('by the command, with the client that Bottender has brought, from another collection', async () => {
    await countingBot(bottender({ collectionName: 'people' }))(42);
    const folder = await project('@sessions/file', 'bottender');
    const args = ['migrate', url, 'file:./new', '--collection', 'people', '--expires-in', '60'];
    expect(await run(folder, ...args)).toEqual({
      code: 0,
      stdout: '1 copied, 0 there already, 0 expired, 0 not understood\n',
      stderr: '',
    });
  });
});

test('a MongoDB that is not there: code 1, and why', async () => {
  const folder = await project('@sessions/file', 'mongodb');
  const url = 'mongodb://127.0.0.1:1/bot?serverSelectionTimeoutMS=500';
  const ran = await run(folder, 'migrate', url, 'file:./new');
  expect(ran).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('ECONNREFUSED'),
  });
});
