import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  isSessionError,
  type Session,
  type SessionErrorCode,
  type SessionRecord,
} from '@sessions/core';
import {
  type Collection,
  type CommandStartedEvent,
  type Document,
  Long,
  MongoClient,
} from 'mongodb';
import { redacted } from '../src/failure.ts';
import { type MongoOptions, MongoSessionStore } from '../src/index.ts';
import { MongoDriver } from '../src/mongo-driver.ts';
import { describeMongo, openMongo, testUnless } from './server.ts';

jest.setTimeout(20_000);

const found = await openMongo();
afterAll(async () => {
  if ('stop' in found) await found.stop();
});

const MIB = 1024 * 1024;
const SECRET = 'telegram:secret';

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error('should have rejected')),
    (error) => error as Error,
  );
}

function recordOf(session: Session, etag: string, history: string[] = []): SessionRecord {
  return { session: JSON.stringify(session), etag, history, expiresAt: null };
}

test('what cannot be a place for sessions is refused by the constructor', () => {
  for (const bad of ['', 'redis://127.0.0.1', 'mongodb://', 'mongodb://host/?nonsense=1']) {
    expect(() => new MongoSessionStore(bad)).toThrow(TypeError);
  }
  for (const bad of [null, 1, {}, { db: 'sessions' }]) {
    expect(() => new MongoSessionStore(bad as unknown as string)).toThrow(TypeError);
  }
  const url = 'mongodb://127.0.0.1:1';
  for (const name of ['', 1, null]) {
    const options = { collectionName: name } as MongoOptions;
    expect(() => new MongoSessionStore(url, options)).toThrow(TypeError);
  }
  expect(() => new MongoSessionStore(url, { riskLostWrites: { w: 0 } })).toThrow(RangeError);
});

test('an error about the URL does not show the password in it', async () => {
  const bad = () => new MongoSessionStore('mongodb://user:pass%word@host/?nonsense=1');
  expect(bad).toThrow(TypeError);
  try {
    bad();
  } catch (error) {
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/pass%word/);
  }
});

test('the last argument is minutes or options', () => {
  const url = 'mongodb://127.0.0.1:1';
  for (const bad of [0, -1, Number.NaN]) {
    expect(() => new MongoSessionStore(url, {}, bad)).toThrow(RangeError);
    expect(() => new MongoSessionStore(url, bad)).toThrow(RangeError);
    expect(() => new MongoSessionStore(url, { expiresIn: bad })).toThrow(RangeError);
    expect(() => new MongoSessionStore(url, {}, { expiresIn: bad })).toThrow(RangeError);
  }
  expect(() => new MongoSessionStore(url, null as never)).toThrow(TypeError);
});

test('what it declares to survive is what writes wait for', () => {
  const survives = (riskLostWrites: MongoOptions['riskLostWrites']) =>
    new MongoSessionStore('mongodb://127.0.0.1:1', { riskLostWrites }).capabilities.survives;
  expect(survives(undefined)).toBe('replication');
  expect(survives({ w: 1 })).toBe('power-loss');
  expect(survives({ w: 1, j: false })).toBe('process-crash');
  expect(survives({ j: false })).toBe('process-crash');
});

describeMongo(found, 'MongoSessionStore', (mongo) => {
  let dbName: string;
  let sessions: Collection;
  const opened: { close(): Promise<void> }[] = [];

  beforeEach(() => {
    dbName = mongo.namespace();
    sessions = mongo.client.db(dbName).collection('sessions');
  });

  afterAll(async () => {
    await Promise.all(opened.map((each) => each.close()));
  });

  const open = (options: MongoOptions = {}, target: string | MongoClient = mongo.direct()) => {
    const store = new MongoSessionStore(target, { dbName, ...options });
    opened.push(store);
    return store;
  };

  /** A client of the caller, and the commands that it sends about sessions. */
  const watched = async (options = '') => {
    const client = new MongoClient(`${mongo.direct()}${options}`, { monitorCommands: true });
    await client.connect();
    opened.push(client);
    const commands: CommandStartedEvent[] = [];
    client.on('commandStarted', (event) => {
      if (event.databaseName === dbName) commands.push(event);
    });
    return { client, commands };
  };

  const driver = async (options: MongoOptions = {}) => {
    const driver = new MongoDriver(mongo.direct(), { dbName, ...options });
    await driver.open(5000, () => {});
    opened.push(driver);
    return driver;
  };

  describe('documents', () => {
    test('a session is one document', async () => {
      const store = open({ expiresIn: 10 / 60, now: () => 1_900_000_000_000.4 });
      await store.write('telegram:42', { cart: ['tea'] });
      await store.write('telegram:42', { cart: ['tea', 'cup'] });
      const [document, ...others] = await sessions.find().toArray();
      expect(others).toEqual([]);
      expect(document).toEqual({
        _id: 'telegram:42',
        v: 1,
        data: '{"cart":["tea","cup"]}',
        etags: [expect.stringMatching(/^[\w-]+$/), expect.stringMatching(/^[\w-]+$/)],
        expiresAt: new Date(1_900_000_010_001),
      });
    });

    test('without a lifetime expiresAt is null', async () => {
      const store = open({ expiresIn: Infinity });
      await store.write('a', {});
      expect(await sessions.findOne()).toMatchObject({ expiresAt: null });
      expect(await store.read('a')).toEqual({});
    });

    test('any key of a session comes back, and none reaches the database', async () => {
      const store = open();
      const session = JSON.parse(
        '{"$set":1,"a.b":{"$where":"x"},"__proto__":{"polluted":true},"":"\\u0000","_bsontype":"ObjectId","_id":{"$gt":""},"toBSON":1,"10":1,"2":1}',
      );
      await store.write('a', session);
      await store.update('a', (found) => found);
      const read = await store.read('a');
      expect(JSON.stringify(read)).toBe(JSON.stringify(session));
      expect(Object.keys((await sessions.findOne()) ?? {}).sort()).toEqual(
        ['_id', 'data', 'etags', 'expiresAt', 'v'].sort(),
      );
    });

    test('dbName and collectionName say where', async () => {
      const store = open({ collectionName: 'people' });
      await store.write('a', {});
      expect(await mongo.client.db(dbName).collection('people').countDocuments()).toBe(1);
      expect(await sessions.countDocuments()).toBe(0);
    });

    test('the largest session that fits is stored; one byte more is TOO_LARGE, and not sent', async () => {
      const { client, commands } = await watched();
      const store = open({ maxSessionBytes: Infinity, timeout: 15_000 }, client);
      const largest = 16 * MIB - 16 * 1024;
      const id = 'i'.repeat(1024);
      const sessionOf = (bytes: number) => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) });
      for (let n = 0; n < 10; n++) await store.write(id, { n });
      await store.write(id, sessionOf(largest));
      await store.update(id, (session) => session);
      commands.splice(0);
      const error = await rejection(store.write(id, sessionOf(largest + 1)));
      expect(error).toMatchObject({ code: 'TOO_LARGE', outcome: 'not-applied' });
      expect(commands).toEqual([]);
      expect(Object.keys((await store.read(id)) ?? {})).toEqual(['text']);
    });

    const damages: [name: string, damage: (etag: string) => Document][] = [
      ['no version', () => ({ $unset: { v: 1 } })],
      ['a later version', () => ({ $set: { v: 2 } })],
      ['no data', () => ({ $unset: { data: 1 } })],
      ['data that is an object', () => ({ $set: { data: { n: 1 } } })],
      ['data that is an array', () => ({ $set: { data: ['{}'] } })],
      ['data that was cut short', () => ({ $set: { data: '{"n":1' } })],
      ['data that is no JSON object', () => ({ $set: { data: '[1]' } })],
      ['no etags', () => ({ $unset: { etags: 1 } })],
      ['etags that are empty', () => ({ $set: { etags: [] } })],
      ['etags that are a string', (etag) => ({ $set: { etags: etag } })],
      ['etags that are an object', (etag) => ({ $set: { etags: { 0: etag } } })],
      ['an etag that is a number', () => ({ $set: { etags: [1] } })],
      ['expiresAt that is a string', () => ({ $set: { expiresAt: '2040-01-01' } })],
      ['expiresAt that is a number', () => ({ $set: { expiresAt: 1 } })],
      ['expiresAt that is an array', () => ({ $set: { expiresAt: [new Date(2100, 0)] } })],
    ];
    test.each(damages)('a document with %s is CORRUPT, and stays', async (_, damage) => {
      const direct = await driver();
      const store = open({ onWarning: () => {} });
      const etag = 'a'.repeat(16);
      await direct.put('a', recordOf({ n: 1 }, etag), null, 5000);
      await sessions.updateOne({ _id: 'a' as never }, damage(etag));
      const before = await sessions.findOne();
      const code: SessionErrorCode = 'CORRUPT';
      const refusals = [
        () => store.read('a'),
        () => store.write('a', {}),
        () => store.touch('a'),
        () => store.update('a', () => ({})),
        () => direct.get('a', 5000),
        () => direct.put('a', recordOf({}, 'new'), null, 5000),
        () => direct.put('a', recordOf({}, 'new'), undefined, 5000),
      ];
      for (const refusal of refusals) {
        expect(await rejection(refusal())).toMatchObject({ code, outcome: 'not-applied' });
      }
      expect(await store.all()).toEqual([]);
      expect(await sessions.findOne()).toEqual(before);
      await store.destroy('a');
      expect(await sessions.countDocuments()).toBe(0);
    });

    test('a document that was cut short is not replaced by a process that knew it, either', async () => {
      const direct = await driver();
      const [first, next] = [recordOf({ n: 1 }, 'first'), recordOf({ n: 2 }, 'next')];
      await direct.put('a', first, null, 5000);
      await sessions.replaceOne({ _id: 'a' as never }, { v: 1, data: '{"n":' });
      for (const expected of [undefined, 'first', null]) {
        const put = (async () => direct.put('a', next, expected, 5000))();
        expect(await rejection(put)).toMatchObject({ code: 'CORRUPT', outcome: 'not-applied' });
      }
      expect(await direct.delete('a', 'first', 5000)).toBe(false);
      expect(await sessions.countDocuments()).toBe(1);
      expect(await direct.delete('a', undefined, 5000)).toBe(true);
      expect(await sessions.countDocuments()).toBe(0);
    });

    test('a place that was kept for a session is none, and is taken by the next', async () => {
      const store = open();
      const keep = async (id: string) => {
        const place = { v: 0, data: '', etags: [`${id}!`], expiresAt: new Date(Date.now() + 1e6) };
        await sessions.insertOne({ _id: id as never, ...place });
      };
      for (const id of ['a', 'b', 'c', 'd']) await keep(id);
      expect(await store.read('a')).toBeNull();
      expect(await store.all()).toEqual([]);
      for await (const id of store.ids()) expect(id).toBeUndefined();
      await store.write('a', { n: 1 });
      await store.write('b', { n: 1 });
      expect(await store.update('c', (found) => ({ found }))).toEqual({ found: null });
      await store.destroy('d');
      expect(await store.all()).toEqual([{ n: 1 }, { n: 1 }, { found: null }]);
      expect(await sessions.countDocuments()).toBe(3);
      const kept = await sessions.findOne({ _id: 'b' as never });
      expect(kept).toMatchObject({ v: 1, etags: [expect.not.stringMatching('!')] });
    });

    test('what a person edited well can be read and written', async () => {
      const store = open();
      await store.write('a', { n: 1 });
      const edited = { $set: { data: '\n { "n": 2 }\r\n' }, $unset: { expiresAt: 1 } };
      await sessions.updateOne({ _id: 'a' as never }, edited as Document);
      expect(await store.read('a')).toEqual({ n: 2 });
      await store.write('a', { n: 3 });
      expect(await store.read('a')).toEqual({ n: 3 });
    });

    test('fields that somebody has added stay', async () => {
      const store = open();
      await store.write('a', { n: 1 });
      await sessions.updateOne({ _id: 'a' as never }, { $set: { country: 'NZ' } });
      await store.write('a', { n: 2 });
      await store.update('a', () => ({ n: 3 }));
      expect(await sessions.findOne()).toMatchObject({ country: 'NZ', data: '{"n":3}' });
    });
  });

  describe('commands', () => {
    const names = (commands: readonly CommandStartedEvent[]) =>
      commands.map(({ commandName }) => commandName);

    test('a read is one command, a write after it is one, an update two', async () => {
      const { client, commands } = await watched();
      const store = await open({}, client).init();
      const sent = async (call: () => Promise<unknown>) => {
        commands.splice(0);
        await call();
        return names(commands);
      };
      expect(await sent(() => store.read('a'))).toEqual(['find']);
      expect(await sent(() => store.write('a', {}))).toEqual(['insert', 'update']); // a place for it
      expect(await sent(() => store.write('a', {}))).toEqual(['update']);
      expect(await sent(() => store.update('a', () => ({})))).toEqual(['find', 'update']);
      expect(await sent(() => store.write('a', {}))).toEqual(['update']);
      expect(await sent(() => store.update('b', () => ({})))).toEqual(['find', 'insert', 'update']);
      expect(await sent(() => store.touch('a'))).toEqual(['find', 'update']);
      const other = await open({}, client).init();
      expect(await sent(() => other.write('a', {}))).toEqual(['find', 'update']);
      expect(await sent(() => other.read('b'))).toEqual(['find']);
      expect(await sent(() => other.write('b', {}))).toEqual(['update']);
      expect(await sent(() => other.destroy('a'))).toEqual(['delete']);
      expect(await sent(() => other.destroy('a'))).toEqual(['find']);
      expect(await sent(() => other.update('b', () => null))).toEqual(['find', 'delete']);
    });

    const careless = '&w=1&journal=false&readPreference=secondaryPreferred&readConcernLevel=local';
    const all = async (store: MongoSessionStore) => {
      await store.write('a', { n: 1 });
      await store.update('a', () => ({ n: 2 }));
      await store.update('b', () => ({ n: 1 }));
      await store.all();
      await store.destroy('a');
      await store.update('b', () => null);
    };

    test('writes wait for a majority and reads ask the primary, whatever the client does', async () => {
      const { client, commands } = await watched(careless);
      await all(await open({}, client).init());
      const [, , ...rest] = commands; // after the index, and a look at the collation
      expect(new Set(names(rest))).toEqual(new Set(['find', 'update', 'insert', 'delete']));
      for (const [n, { command, commandName }] of rest.entries()) {
        if (commandName === 'find') expect(command.readConcern).toEqual({ level: 'majority' });
        else if (commandName === 'insert') expect(rest[n + 1]?.commandName).toBe('update');
        else expect(command.writeConcern).toEqual({ w: 'majority', j: true });
        expect(command.$readPreference?.mode ?? 'primary').toMatch(/^primary/);
      }
    });

    test('only options that name the risk change that', async () => {
      const { client, commands } = await watched();
      const risks: MongoOptions = {
        riskLostWrites: { w: 1, j: false },
        riskStaleReads: { readPreference: 'nearest', readConcern: 'local' },
      };
      const store = open(risks, client);
      await store.init();
      await store.write('a', {});
      commands.splice(0);
      await store.write('a', {});
      await store.read('a');
      expect(commands[0]?.command.writeConcern).toEqual({ w: 1, j: false });
      expect(commands[1]?.command.readConcern).toEqual({ level: 'local' });
      // To a server that is no replica set the client says nothing.
      expect(commands[1]?.command.$readPreference?.mode ?? 'nearest').toBe('nearest');
    });

    test('what a client does with BSON by default does not matter', async () => {
      const options = { promoteLongs: false, promoteValues: false, ignoreUndefined: true };
      const client = new MongoClient(mongo.direct(), options);
      opened.push(client);
      const raw = client.db(dbName, { raw: true, useBigInt64: true });
      for (const target of [client, raw] as MongoClient[]) {
        const store = open({}, target);
        await all(store);
        await store.write('a', { n: 1 });
        expect(await store.read('a')).toEqual({ n: 1 });
      }
    });

    test('an object as an id never reaches the server', async () => {
      const { client, commands } = await watched();
      const store = await open({}, client).init();
      await store.write('victim', { secret: true });
      commands.splice(0);
      const attacks = [
        { $gt: '' },
        { $ne: null },
        ['victim'],
        /./,
        null,
        { toBSON: () => 'victim' },
      ];
      for (const attack of attacks as unknown as string[]) {
        const calls = [
          store.read(attack),
          store.write(attack, {}),
          store.destroy(attack),
          store.touch(attack),
          store.update(attack, () => null),
        ];
        for (const call of calls) {
          expect(await rejection(call)).toMatchObject({ code: 'INVALID_ID' });
        }
      }
      expect(commands).toEqual([]);
      for (const id of ['$gt', '{"$gt":""}', '$where', 'a.b', '$', '\0', '/./']) {
        expect(await store.read(id)).toBeNull();
        await store.write(id, { id });
        expect(await store.read(id)).toEqual({ id });
      }
      expect(await store.read('victim')).toEqual({ secret: true });
    });

    test('what a server says in words does not get into an error', async () => {
      await sessions.insertOne({ _id: SECRET as never });
      const error = await rejection(sessions.insertOne({ _id: SECRET as never }));
      const words = error.message;
      expect(words).toMatch(/\w/);
      // Not every server quotes the id: then as if this one did.
      if (!words.includes(SECRET)) error.message += ` dup key: { _id: "${SECRET}" }`;
      const shown = inspect(redacted(error), { showHidden: true, depth: 9 });
      expect(shown).toMatch(/11000/);
      expect(shown).not.toContain(words);
      expect(shown).not.toContain(SECRET);
    });
  });

  describe('compare-and-set', () => {
    test('of fifty creates at once one wins, and the others are told', async () => {
      const drivers = await Promise.all([driver(), driver(), driver()]);
      for (let round = 0; round < 5; round++) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, n) =>
            drivers[n % 3]?.put(`r${round}`, recordOf({ n }, `e${n}`), null, 5000),
          ),
        );
        expect(answers.filter((answer) => answer)).toHaveLength(1);
        const winner = answers.indexOf(true);
        expect(await drivers[0].get(`r${round}`, 5000)).toEqual(
          recordOf({ n: winner }, `e${winner}`),
        );
      }
    });

    test('of fifty stores that create a session at once, all get to change it', async () => {
      const client = new MongoClient(mongo.direct());
      opened.push(client);
      const stores = Array.from({ length: 50 }, () => open({ timeout: 60_000 }, client));
      await Promise.all(stores.map((store) => store.init()));
      await Promise.all(
        stores.map((store, n) =>
          store.update('a', (session) => ({ seen: [...(session?.seen ?? []), n] })),
        ),
      );
      const session = await stores[0]?.read('a');
      const seen: number[] = session?.seen;
      expect(seen.sort((a, b) => a - b)).toEqual(stores.map((_, n) => n));
    }, 70_000);

    test('of fifty writes at once to an absent session, every one is applied', async () => {
      const drivers = await Promise.all([driver(), driver(), driver()]);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          drivers[n % 3]?.put('a', recordOf({ n }, `e${n}`), undefined, 5000),
        ),
      );
      expect(answers).toEqual(answers.map(() => true));
      const { history } = (await drivers[0].get('a', 5000)) as SessionRecord;
      expect(history).toHaveLength(8);
    });
  });

  describe('writes that expect nothing', () => {
    test('of one process are applied in the order of the calls', async () => {
      const one = await driver();
      await Promise.all(Array.from({ length: 10 }, (_, n) => one.get(`${n}`, 5000))); // makes connections
      const last = 40;
      const put = (n: number) => one.put('a', recordOf({ n }, `e${n}`), undefined, 5000);
      await Promise.all(Array.from({ length: last + 1 }, (_, n) => put(n)));
      const history = Array.from({ length: 8 }, (_, n) => `e${last - 1 - n}`);
      expect(await one.get('a', 5000)).toEqual(recordOf({ n: last }, `e${last}`, history));
      const destroyed = [put(100), one.delete('a', undefined, 5000), put(101)];
      expect(await Promise.all(destroyed)).toEqual([true, true, true]);
      expect(await one.get('a', 5000)).toEqual(recordOf({ n: 101 }, 'e101'));
      await Promise.all([put(102), one.delete('a', undefined, 5000)]);
      expect(await one.get('a', 5000)).toBeNull();
    });

    test('replace and destroy what others have written since', async () => {
      const [one, other] = [await driver(), await driver()];
      await one.put('a', recordOf({ n: 1 }, 'e1'), undefined, 5000);
      await other.put('a', recordOf({ n: 2 }, 'e2'), undefined, 5000);
      await one.put('a', recordOf({ n: 3 }, 'e3'), undefined, 5000);
      expect(await other.get('a', 5000)).toEqual(recordOf({ n: 3 }, 'e3', ['e2', 'e1']));
      await one.put('a', recordOf({ n: 4 }, 'e4'), undefined, 5000);
      expect(await other.delete('a', undefined, 5000)).toBe(true);
      expect(await one.get('a', 5000)).toBeNull();
      await other.put('a', recordOf({ n: 5 }, 'e5'), undefined, 5000);
      expect(await one.delete('a', undefined, 5000)).toBe(true);
      expect(await other.delete('a', undefined, 5000)).toBe(true);
      await other.put('a', recordOf({ n: 6 }, 'e6'), undefined, 5000);
      expect(await one.get('a', 5000)).toEqual(recordOf({ n: 6 }, 'e6'));
    });
  });

  describe("the caller's own", () => {
    test('client, database and collection are used, and left open', async () => {
      const client = new MongoClient(mongo.direct());
      opened.push(client);
      const db = client.db(dbName);
      for (const target of [client, db, db.collection('sessions')]) {
        const store = new MongoSessionStore(target, { dbName });
        await store.write('a', { n: 1 });
        await store.close();
        expect((await rejection(store.read('a'))) as unknown).toMatchObject({ code: 'CLOSED' });
        expect(await db.command({ ping: 1 })).toMatchObject({ ok: 1 });
        expect(await sessions.countDocuments()).toBe(1);
      }
    });

    test('client of another copy of the library works', async () => {
      const client = new MongoClient(mongo.direct());
      opened.push(client);
      // Same methods, other class.
      const other = { db: (name?: string) => client.db(name), close: () => client.close() };
      const store = new MongoSessionStore(other as unknown as MongoClient, { dbName });
      await store.write('a', { n: 1 });
      expect(await store.read('a')).toEqual({ n: 1 });
      await store.close();
      expect(await sessions.countDocuments()).toBe(1);
    });
  });

  describe('entries', () => {
    test('goes on where the cursor was that the server forgot', async () => {
      const { client } = await watched();
      const store = await open({}, client).init();
      const ids = Array.from({ length: 250 }, (_, n) => `id:${1000 + n}`);
      await Promise.all(ids.map((id) => store.write(id, { id })));
      const cursors: Long[] = [];
      client.on('commandSucceeded', ({ reply }) => {
        const { id } = (reply as { cursor?: { id?: number | Long } }).cursor ?? {};
        if (id) cursors.push(typeof id === 'number' ? Long.fromNumber(id) : id);
      });
      const seen: string[] = [];
      for await (const [id] of store.entries()) {
        seen.push(id);
        if (seen.length !== 50) continue;
        const kill = { killCursors: 'sessions', cursors };
        expect(await mongo.client.db(dbName).command(kill)).toMatchObject({ ok: 1 });
      }
      expect(cursors.length).toBeGreaterThan(1);
      expect(seen).toEqual(ids);
    });

    test('asks for no more than is needed', async () => {
      const { client, commands } = await watched();
      const store = await open({}, client).init();
      const ids = Array.from({ length: 250 }, (_, n) => `id:${n}`);
      await Promise.all(ids.map((id) => store.write(id, { id })));
      commands.splice(0);
      for await (const [id] of store.entries()) {
        expect(ids).toContain(id);
        break;
      }
      expect(commands[0]).toMatchObject({ commandName: 'find', command: { batchSize: 100 } });
      expect(commands.filter(({ commandName }) => commandName === 'getMore')).toEqual([]);
    });

    test("leaves a stranger's documents alone", async () => {
      const store = await open().init();
      await sessions.insertMany([{ n: 1 }, { _id: 7 as never, n: 2 }]);
      await store.write('a', {});
      expect(await store.all()).toEqual([{}]);
      expect(await store.prune()).toBe(0);
      expect(await sessions.countDocuments()).toBe(3);
    });
  });

  describe('the index', () => {
    const INDEX = { expiresAt: 1 } as const;
    const indexes = async () =>
      (await sessions.indexes()).filter(({ name }) => name !== '_id_') as Document[];

    test('is created by init, once', async () => {
      await Promise.all([open().init(), open().init()]);
      await open().init();
      const [index, ...others] = await indexes();
      expect(index).toMatchObject({ key: INDEX, expireAfterSeconds: 0 });
      expect(others).toEqual([]);
    });

    test('is not created with autoIndex: false', async () => {
      const store = await open({ autoIndex: false }).init();
      await store.write('a', {});
      expect(await indexes()).toEqual([]);
    });

    test('without it prune removes what has expired', async () => {
      let now = Date.now();
      const store = open({ autoIndex: false, now: () => now }, mongo.direct());
      await store.write('a', {});
      now += 400 * 24 * 3600 * 1000;
      await store.write('b', {});
      expect(await store.prune()).toBe(1);
      expect(await sessions.distinct('_id')).toEqual(['b']);
    });

    test('prune removes thousands with few commands, and no session comes over', async () => {
      const { client, commands } = await watched();
      const store = await open({ autoIndex: false }, client).init();
      const expiresAt = new Date(Date.now() - 1000);
      const old = Array.from({ length: 2500 }, (_, n) => ({ _id: `old:${n}`, expiresAt }));
      await sessions.insertMany([...old, { _id: 7, expiresAt }] as never[]);
      await store.write('young', {});
      commands.splice(0);
      expect(await store.prune()).toBe(2500);
      expect(commands.length).toBeLessThan(20);
      for (const { commandName, command } of commands) {
        if (commandName === 'find') expect(command.projection).toEqual({ _id: 1 });
      }
      expect(await sessions.distinct('_id')).toEqual(expect.arrayContaining([7, 'young']));
      expect(await sessions.countDocuments()).toBe(2);
    });

    test('that cannot be created makes init say what to run', async () => {
      const collectionName = 'x'.repeat(300); // longer than a server takes
      const error = await rejection(open({ collectionName }).init());
      expect(error).toMatchObject({ code: 'UNAVAILABLE' });
      expect(error.message).toMatch(
        /createIndex\(\{ expiresAt: 1 \}, \{ expireAfterSeconds: 0 \}\)/,
      );
      expect(error.message).toMatch(/autoIndex/);
    });

    const { conflicts, collMod, sweep } = mongo.lacks;

    testUnless(conflicts ?? collMod, 'with another delay is adjusted', async () => {
      await sessions.createIndex(INDEX, { expireAfterSeconds: 3600, name: 'older' });
      await open().init();
      expect(await indexes()).toMatchObject([{ name: 'older', expireAfterSeconds: 0 }]);
    });

    testUnless(conflicts ?? collMod, 'that removed nothing so far is adjusted', async () => {
      await sessions.createIndex(INDEX);
      await open().init();
      expect(await indexes()).toMatchObject([{ expireAfterSeconds: 0 }]);
    });

    testUnless(conflicts, 'with another name will do', async () => {
      await sessions.createIndex(INDEX, { expireAfterSeconds: 0, name: 'mine' });
      await open().init();
      expect(await indexes()).toMatchObject([{ name: 'mine', expireAfterSeconds: 0 }]);
    });

    testUnless(conflicts, 'for a part of the documents makes init say what to run', async () => {
      const partialFilterExpression = { v: 1 };
      // Under any other name a second index is made, for all documents.
      const part = { expireAfterSeconds: 0, partialFilterExpression, name: 'expiresAt_1' };
      await sessions.createIndex(INDEX, part);
      const error = await rejection(open().init());
      expect(isSessionError(error, 'UNAVAILABLE')).toBe(true);
      expect(error.message).toMatch(/dropIndex\("expiresAt_1"\)/);
    });

    testUnless(
      sweep,
      'lets the server remove what has expired',
      async () => {
        const store = open({ expiresIn: 1 / 60 });
        const lasting = open({ expiresIn: Infinity });
        await store.write('a', {});
        await lasting.write('b', {});
        const end = performance.now() + 65_000; // older servers finish their minute first
        while ((await sessions.countDocuments()) > 1 && performance.now() < end) {
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        expect(await sessions.distinct('_id')).toEqual(['b']);
      },
      70_000,
    );
  });

  testUnless(
    mongo.lacks.collation,
    'a collection that takes two ids for one is refused',
    async () => {
      const collation = { locale: 'en', strength: 2 };
      await mongo.client.db(dbName).createCollection('sessions', { collation });
      const error = await rejection(open().init());
      expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      expect(error.message).toMatch(/collation/);
    },
  );
});
