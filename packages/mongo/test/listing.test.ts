import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  type Collection,
  type CommandStartedEvent,
  type CommandSucceededEvent,
  Long,
  MongoClient,
  ObjectId,
} from 'mongodb';
import { listed } from '../../../tooling/calls.ts';
import { type MongoOptions, MongoSessionStore } from '../src/index.ts';
import { MongoDriver } from '../src/mongo-driver.ts';
import { describeMongo, openMongo } from './server.ts';

jest.setTimeout(20_000);

const found = await openMongo();
afterAll(async () => {
  if ('stop' in found) await found.stop();
});

describeMongo(found, 'listing', (mongo) => {
  let dbName: string;
  let sessions: Collection;
  const opened: { close(): Promise<void> }[] = [];

  beforeEach(() => {
    dbName = mongo.namespace();
    sessions = mongo.client.db(dbName).collection('sessions');
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await mongo.client.db(dbName).dropDatabase();
  });

  const open = (options: MongoOptions = {}, target: string | MongoClient = mongo.direct()) => {
    const store = new MongoSessionStore(target, { dbName, ...options });
    opened.push(store);
    return store;
  };

  const insert = (ids: readonly string[]) => {
    const session = { v: 1, data: '{"secret":"data"}', etags: ['e'], expiresAt: null };
    return sessions.insertMany(ids.map((_id) => ({ _id, ...session })) as never[]);
  };

  /** A client of the caller, and what it asks about sessions. */
  const watched = async () => {
    const client = new MongoClient(mongo.direct(), { monitorCommands: true });
    await client.connect();
    opened.push(client);
    const commands: CommandStartedEvent[] = [];
    const answers: CommandSucceededEvent[] = [];
    client.on('commandStarted', (event) => {
      if (event.databaseName === dbName) commands.push(event);
    });
    client.on('commandSucceeded', (event) => void answers.push(event));
    return { client, commands, answers };
  };

  const ODD = ['*', '[', '.', '.*', '^', '$', '%', ':', '::', '\\', '?', '{', "('", '\0', ' '];
  const LETTERS = ['é', 'e\u0301', '\ud7ff', '\ue000', '😀', '😁', '\u{10ffff}'];
  const STARTS = ['a', 'b', ...ODD, ...LETTERS];

  test.each(['', ...STARTS, 'none'])('the server tells what begins with %j', async (prefix) => {
    const ids = STARTS.flatMap((start) => [start, `${start}a`, `${start}\u{10ffff}`, `a${start}`]);
    const sought = [...new Set(ids)].filter((id) => id.startsWith(prefix)).sort();
    const store = open();
    await Promise.all(ids.map((id) => store.write(id, { id })));
    const driver = new MongoDriver(mongo.direct(), { dbName });
    opened.push(driver);
    await driver.open(5000, () => {});
    // By the driver alone, as the store would pass over what is too much.
    const alone = await listed(driver.ids(prefix));
    const entries = await listed(driver.entries(prefix));
    // Nothing but these, unless the server orders ids by halves of characters, as Java does.
    const exact = mongo.isMongoDB || !/[\ud7ff\u{10ffff}]/u.test(prefix);
    for (const given of [alone, entries]) {
      const all = given.flatMap((entry) => (Array.isArray(entry) ? [entry[0] as string] : []));
      if (exact) expect(all.sort()).toEqual(sought);
      else expect(all).toEqual(expect.arrayContaining(sought));
    }
    expect((await listed(store.ids({ prefix }))).sort()).toEqual(sought);
    const versions = await listed(store.versions({ prefix }));
    expect(versions.map(([id]) => id).sort()).toEqual(sought);
  });

  test('10,000 ids of 20,000 take a few commands, and no session is sent', async () => {
    const { client, commands, answers } = await watched();
    const store = await open({}, client).init();
    const all = Array.from({ length: 20_000 }, (_, n) => `chat:${n % 2}:${n}`);
    await insert(all);
    commands.splice(0);
    answers.splice(0);
    const ids = await listed(store.ids({ prefix: 'chat:1:' }));
    expect(ids.sort()).toEqual(all.filter((id) => id.startsWith('chat:1:')).sort());
    expect(commands.length).toBeLessThan(20);
    for (const { commandName, command } of commands) {
      expect(['find', 'getMore']).toContain(commandName);
      if (commandName === 'find') {
        expect(command.filter).toEqual({
          _id: { $gte: 'chat:1:', $gt: '', $lt: 'chat:1;' },
        });
      }
    }
    expect(JSON.stringify(answers.map(({ reply }) => reply))).not.toContain('secret');
  });

  test('ids goes on where the cursor was that the server forgot', async () => {
    const { client, answers } = await watched();
    const store = await open({}, client).init();
    const ids = Array.from({ length: 2500 }, (_, n) => `id:${10_000 + n}`);
    await insert([...ids, 'other']);
    answers.splice(0);
    const seen: string[] = [];
    for await (const id of store.ids({ prefix: 'id:' })) {
      seen.push(id);
      if (seen.length !== 50) continue;
      const cursors = answers.map(({ reply }) => (reply as { cursor?: { id?: Long } }).cursor?.id);
      const kill = cursors.filter((id) => id).map((id) => Long.fromValue(id as Long));
      expect(kill).toHaveLength(1);
      const command = { killCursors: 'sessions', cursors: kill };
      expect(await mongo.client.db(dbName).command(command)).toMatchObject({ ok: 1 });
    }
    expect(seen).toEqual(ids);
  });

  test('ids leaves out what has expired and what is of no store, and not what is corrupt', async () => {
    let now = Date.now();
    const store = await open({ expiresIn: 60, now: () => now }).init();
    await store.write('expired', {});
    now += 30 * 60_000;
    for (const id of ['a', 'cut', 'undated', 'foreign']) await store.write(id, {});
    const set = (id: string, change: object) =>
      sessions.updateOne({ _id: id as never }, { $set: change });
    await set('cut', { data: '{' });
    await set('undated', { expiresAt: 'tomorrow' });
    await sessions.updateOne({ _id: 'foreign' as never }, { $unset: { v: 1 } });
    await sessions.insertMany([{ v: 1 }, { _id: 7 as never, v: 1 }]);
    now += 30 * 60_000;
    expect((await listed(store.ids())).sort()).toEqual(['a', 'cut', 'undated']);
  });

  test('clear destroys sessions that begin so, and nothing else', async () => {
    const heard: Error[] = [];
    const store = await open({ onWarning: (warning) => void heard.push(warning) }).init();
    const other = open({ collectionName: 'others' });
    const neighbours = ['user:1', 'user:10:a', 'user:2:a', 'User:1:a', 'user', 'user;'];
    const ids = ['user:1:', 'user:1:a', 'user:1:\u{10ffff}', 'user:1:cut', 'user:1:foreign'];
    for (const id of [...neighbours, ...ids]) await store.write(id, { id });
    await other.write('user:1:a', { other: true });
    await sessions.updateOne({ _id: 'user:1:cut' as never }, { $set: { data: '{' } });
    await sessions.replaceOne({ _id: 'user:1:foreign' as never }, { n: 1 });
    await sessions.insertMany([{ id: 'user:1:a' }, { _id: 7 as never }]);
    const kept = async () => (await sessions.distinct('_id')).map(String).sort();
    const before = await kept();
    heard.length = 0;

    expect(await store.clear({ prefix: 'user:1:' })).toBe(3);
    expect(await kept()).toEqual(before.filter((id) => !ids.slice(0, 3).includes(id)));
    expect(heard).toEqual(ids.slice(3).map(() => expect.objectContaining({ code: 'CORRUPT' })));

    expect(await store.clear()).toBe(neighbours.length);
    expect(await sessions.countDocuments()).toBe(4);
    expect(await listed(other.entries())).toEqual([['user:1:a', { other: true }]]);
  });

  describe('documents of others', () => {
    const warnings = async (collectionName = 'sessions') => {
      const heard: string[] = [];
      await open({ collectionName, onWarning: ({ message }) => void heard.push(message) }).init();
      return heard;
    };

    test('with an ObjectId are told once, and stay as they are', async () => {
      await sessions.insertMany([{ id: 'telegram:1' }, { id: 'telegram:2' }]);
      expect(await warnings()).toEqual([expect.stringMatching(/see 'Coming from Bottender'/)]);
      expect(await sessions.countDocuments({ id: /^telegram/ })).toBe(2);
      expect(await warnings('others')).toEqual([]);
    });

    test('are not those of a store', async () => {
      const store = open();
      for (const id of ['a', new ObjectId().toHexString(), '{"$oid":"a"}']) {
        await store.write(id, {});
      }
      expect(await warnings()).toEqual([]);
    });

    test('are looked for by one command, by type and in the index of _id', async () => {
      await sessions.insertMany([{ id: 'telegram:1' }, { id: 'telegram:2' }]);
      const { client, commands } = await watched();
      const store = await open({ onWarning: () => {} }, client).init();
      const finds = commands.filter(({ commandName }) => commandName === 'find');
      expect(finds.map(({ command }) => command)).toEqual([
        expect.objectContaining({
          filter: { _id: { $type: 'objectId' } },
          projection: { _id: 1 },
          limit: 1,
        }),
      ]);
      commands.splice(0);
      await store.read('a');
      expect(commands).toHaveLength(1);
    });
  });
});
