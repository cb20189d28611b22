import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { isSessionError, type Outcome, type SessionErrorCode } from '@sessions/core';
import { MongoClient, MongoServerError } from 'mongodb';
import { again } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { ownMongo } from '../../../tooling/servers/mongo.ts';
import { freePort, until } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { connect } from '../src/collection.ts';
import { isRefusal } from '../src/failure.ts';
import { type MongoOptions, MongoSessionStore } from '../src/index.ts';
import { describeMongo, greet, initiate, openMongo, testUnless } from './server.ts';

jest.setTimeout(60_000);

const TIMEOUT = 1000;
// For servers that have only just started.
const LONGER = 2000;
// On top of the 100 ms that are promised, for a busy machine.
const SLACK = 2000;

const found = await openMongo();
afterAll(async () => {
  if ('stop' in found) await found.stop();
});

type Call = (store: MongoSessionStore, id: string) => Promise<unknown>;

const calls: Record<string, Call> = {
  read: (store, id) => store.read(id),
  write: (store, id) => store.write(id, { n: 1 }),
  destroy: (store, id) => store.destroy(id),
  update: (store, id) => store.update(id, () => ({ n: 1 })),
  touch: (store, id) => store.touch(id),
  all: (store) => store.all(),
};

/** What a call rejects with, in time. */
async function failureOf(
  call: () => Promise<unknown>,
  timeout = TIMEOUT,
): Promise<{ code: SessionErrorCode; outcome: Outcome }> {
  const started = performance.now();
  const error = await call().then(
    () => Promise.reject(new Error('resolved without a server')),
    (error) => error,
  );
  expect(performance.now() - started).toBeLessThan(timeout + 100 + SLACK);
  if (!isSessionError(error)) throw error;
  return { code: error.code, outcome: error.outcome };
}

async function failuresOf(store: MongoSessionStore, timeout = TIMEOUT) {
  const failures = Object.keys(calls).map(async (name) => {
    const failure = await failureOf(async () => calls[name]?.(store, name), timeout);
    return [name, `${failure.code} ${failure.outcome}`];
  });
  return Object.fromEntries(await Promise.all(failures));
}

/** Adds tokens until told to stop; answers which were acknowledged, and which may be there. */
function load(stores: readonly MongoSessionStore[], id: string) {
  const acknowledged: string[] = [];
  const unknown: string[] = [];
  const failed: unknown[] = [];
  let going = true;
  let token = 0;
  const workers = stores.map(async (store) => {
    while (going) {
      const mine = `t${token++}`;
      try {
        await store.update(id, (session) => ({ tokens: [...(session?.tokens ?? []), mine] }));
        acknowledged.push(mine);
      } catch (error) {
        if (!isSessionError(error)) failed.push(error);
        else if (error.outcome === 'unknown') unknown.push(mine);
      }
      await pause(1);
    }
  });
  return {
    acknowledged,
    async stop() {
      going = false;
      await Promise.all(workers);
      expect(failed).toEqual([]);
      return { acknowledged, unknown };
    },
  };
}

/** Every acknowledged token is there once, and nothing is there twice or was refused. */
function isExact(
  tokens: readonly string[],
  { acknowledged, unknown }: { acknowledged: string[]; unknown: string[] },
): void {
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(acknowledged.filter((token) => !tokens.includes(token))).toEqual([]);
  const possible = new Set([...acknowledged, ...unknown]);
  expect(tokens.filter((token) => !possible.has(token))).toEqual([]);
}

/** Waits until it works; to open it may take a busy machine longer than a call is given. */
async function works(store: MongoSessionStore): Promise<void> {
  await again(() => store.destroy('none')); // reading alone a server may allow that does not write yet
}

describe('a server that is absent', () => {
  test('is UNAVAILABLE at once or in time, and nothing was applied', async () => {
    const url = `mongodb://127.0.0.1:${await freePort()}`;
    const store = new MongoSessionStore(url, { timeout: TIMEOUT });
    for (let round = 0; round < 2; round++) {
      expect(await failureOf(() => store.init())).toMatchObject({ code: 'UNAVAILABLE' });
      const failures = await failuresOf(store);
      expect(new Set(Object.values(failures))).toEqual(new Set(['UNAVAILABLE not-applied']));
    }
    await store.close();
  });

  test("is UNAVAILABLE in time for the caller's own patient client too", async () => {
    const url = `mongodb://127.0.0.1:${await freePort()}`;
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 });
    const connecting = client.connect().catch(() => {});
    const store = new MongoSessionStore(client, { timeout: TIMEOUT });
    const { code } = await failureOf(() => store.write('a', {}));
    expect(['UNAVAILABLE', 'TIMEOUT']).toContain(code);
    await store.close();
    await connecting; // to close it before would not end that
    await client.close();
  });
});

test('what the client meets when it tries again says nothing about a command that was sent', () => {
  const refuses = (error: Error, more: object) => isRefusal(Object.assign(error, more));
  const answer = () => new MongoServerError({ message: 'no' });
  expect(refuses(answer(), { code: 13 })).toBe(true);
  const atTheDoor = new MongoServerError({ message: 'no', errorLabels: ['HandshakeError'] });
  expect(refuses(atTheDoor, { code: 18 })).toBe(false);
  const nowhere = Object.assign(new Error('no server'), { name: 'MongoServerSelectionError' });
  expect(refuses(nowhere, { code: 8000 })).toBe(false);
});

describeMongo(found, 'MongoSessionStore through a network that fails', (mongo) => {
  test("works with the caller's client, whose first connection failed", async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    await proxy.set('down');
    const client = new MongoClient(mongo.direct(proxy.port), { serverSelectionTimeoutMS: 300 });
    const store = new MongoSessionStore(client, { timeout: 5000, dbName: mongo.namespace() });
    expect(await failureOf(() => store.init(), 5000)).toMatchObject({ code: 'UNAVAILABLE' });
    await proxy.set('open');
    await store.write('a', { n: 1 });
    expect(await store.read('a')).toEqual({ n: 1 });
    await store.close();
    await client.close();
    await proxy.stop();
  });

  const openThrough = async (proxy: TcpProxy, options: MongoOptions = {}) => {
    const store = new MongoSessionStore(mongo.direct(proxy.port), { timeout: TIMEOUT, ...options });
    await works(store);
    return store;
  };

  test('when connections are refused nothing was applied', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const dbName = mongo.namespace();
    const store = await openThrough(proxy, { dbName });
    for (const name of Object.keys(calls)) await store.write(name, { old: true });
    await proxy.set('down');
    await failureOf(() => store.read('a')); // the client hears of it
    const failures = await failuresOf(store);
    expect(new Set(Object.values(failures))).toEqual(new Set(['UNAVAILABLE not-applied']));
    await proxy.set('open');
    await works(store);
    for (const name of Object.keys(calls)) expect(await store.read(name)).toEqual({ old: true });
    await store.close();
    await proxy.stop();
  });

  test('when answers are swallowed what became of a write is unknown, and of an update too', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const dbName = mongo.namespace();
    // A connection for each call is there before: on a new one nothing would be sent.
    const names = Object.keys(calls);
    const client = connect(`${mongo.direct(proxy.port)}&minPoolSize=${names.length}`, TIMEOUT);
    let connections = 0;
    client.on('connectionReady', () => connections++);
    const store = new MongoSessionStore(client, { timeout: TIMEOUT, dbName });
    await works(store);
    await until(() => connections >= names.length, 'a connection for each call');
    for (const name of names) await store.write(name, { old: true });
    await proxy.set('mute');
    expect(await failuresOf(store)).toEqual({
      read: 'TIMEOUT not-applied',
      all: 'TIMEOUT not-applied',
      touch: 'TIMEOUT not-applied', // the read before it
      update: 'TIMEOUT not-applied',
      write: 'TIMEOUT unknown',
      destroy: 'TIMEOUT unknown',
    });
    await proxy.set('open');
    await works(store);
    expect(await store.read('write')).toEqual({ n: 1 });
    expect(await store.read('destroy')).toBeNull();
    await store.close();
    await client.close();
    await proxy.stop();
  });

  test('when connections break before the answer a write is unknown, and a read is not', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const store = await openThrough(proxy, { dbName: mongo.namespace(), timeout: 2000 });
    const names = ['read', 'write', 'destroy', 'all'];
    for (const name of names) await store.write(name, { old: true });
    for (const name of names) {
      await works(store);
      await store.read(name); // so that one command is enough
      await proxy.set('mute');
      const failure = failureOf(async () => calls[name]?.(store, name), 2000);
      setTimeout(() => void proxy.set('down'), 100);
      const outcome = name === 'write' || name === 'destroy' ? 'unknown' : 'not-applied';
      expect({ name, ...(await failure) }).toEqual({ name, code: 'UNAVAILABLE', outcome });
      await proxy.set('open');
    }
    await works(store);
    expect(await store.read('write')).toEqual({ n: 1 });
    expect(await store.read('destroy')).toBeNull();
    await store.close();
    await proxy.stop();
  });

  test('a write in line behind one that hangs is given up in time, and is never sent', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const dbName = mongo.namespace();
    // Whose commands hang for as long as the server does.
    const client = new MongoClient(mongo.direct(proxy.port));
    const store = new MongoSessionStore(client, { dbName, timeout: TIMEOUT });
    await works(store);
    await store.write('a', { n: 0 });
    await proxy.set('held');
    const inLine = [1, 2, 3].map((n) => failureOf(() => store.write('a', { n })));
    expect((await Promise.all(inLine))[0]).toEqual({ code: 'TIMEOUT', outcome: 'unknown' });
    await proxy.set('open');
    proxy.deliver();
    await works(store);
    await pause(200);
    const direct = mongo.client.db(dbName).collection('sessions');
    expect(await direct.findOne({ _id: 'a' as never })).toMatchObject({ data: '{"n":1}' });
    await store.write('a', { n: 4 });
    expect(await store.read('a')).toEqual({ n: 4 });
    await store.close();
    await client.close();
    await proxy.stop();
  });

  test('an update whose answer is swallowed after the read is unknown', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const store = await openThrough(proxy, { dbName: mongo.namespace() });
    await store.write('a', { n: 1 });
    const failure = await failureOf(() =>
      store.update('a', async (session) => {
        await proxy.set('mute');
        return { n: session?.n + 1 };
      }),
    );
    expect(failure).toEqual({ code: 'TIMEOUT', outcome: 'unknown' });
    await proxy.set('open');
    await works(store);
    expect(await store.read('a')).toEqual({ n: 2 });
    await store.close();
    await proxy.stop();
  });

  test('an update finds out that it was applied when the answer alone was lost', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const store = await openThrough(proxy, { dbName: mongo.namespace(), timeout: 4000 });
    for (const first of [undefined, { n: 0 }]) {
      await store.destroy('a');
      if (first) await store.write('a', first);
      const updating = store.update('a', async (session) => {
        await proxy.set('mute');
        setTimeout(() => void proxy.set('open').then(() => proxy.cut()), 100);
        return { n: (session?.n ?? 0) + 1 };
      });
      expect(await updating).toEqual({ n: 1 });
      expect(await store.read('a')).toEqual({ n: 1 });
    }
    await store.close();
    await proxy.stop();
  });

  test('a command that found no connection in time is not sent later', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const dbName = mongo.namespace();
    const one = `${mongo.direct(proxy.port)}&maxPoolSize=1&socketTimeoutMS=1000`;
    const client = new MongoClient(one);
    const store = new MongoSessionStore(client, { dbName, timeout: TIMEOUT });
    await works(store);
    await proxy.set('stuck');
    const taken = client.db(dbName).command({ ping: 1 });
    const failure = await failureOf(() => store.write('a', { n: 1 }));
    expect(failure).toEqual({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    await proxy.set('open');
    await expect(taken).rejects.toThrow('timed out'); // now it is the write's turn
    await client.db(dbName).command({ ping: 1 });
    expect(await mongo.client.db(dbName).collection('sessions').countDocuments()).toBe(0);
    await store.close();
    await client.close();
    await proxy.stop();
  });

  test('a connection that was idle for longer than timeout is used again', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const store = await openThrough(proxy, { dbName: mongo.namespace(), timeout: 300 });
    await store.write('a', { n: 1 });
    const { accepted } = proxy;
    for (let n = 0; n < 2; n++) {
      await pause(700);
      expect(await store.read('a')).toEqual({ n: 1 });
    }
    expect(proxy.accepted).toBe(accepted);
    await store.close();
    await proxy.stop();
  });

  const cutting = async (retryWrites: boolean) => {
    const proxy = await TcpProxy.to(mongo.direct());
    const dbName = mongo.namespace();
    const url = `${mongo.direct(proxy.port)}&retryWrites=${retryWrites}`;
    const open = () => new MongoSessionStore(url, { dbName, timeout: 3000 }).init();
    const stores = await Promise.all([open(), open(), open()]);
    const running = load(stores, 'a');
    const { acknowledged } = running;
    for (let n = 0; n < 10; n++) {
      const before = acknowledged.length;
      await until(() => acknowledged.length > before, 'an update between two cuts');
      await pause(Math.random() * 50);
      await proxy.set('mute');
      await pause(Math.random() * 15);
      proxy.cut();
      await proxy.set('open');
    }
    const result = await running.stop();
    const plain = new MongoSessionStore(mongo.direct(), { dbName });
    const session = await plain.read('a');
    isExact(session?.tokens, result);
    await Promise.all([...stores, plain].map((store) => store.close()));
    await proxy.stop();
  };

  test('replies that are cut off lose and repeat nothing', () => cutting(false));

  testUnless(
    mongo.lacks.sessions,
    'replies that are cut off lose and repeat nothing with retryable writes too',
    () => cutting(true),
  );
});

const name = 'MongoSessionStore on a server that fails';
describeWith(await ownMongo(), { describe, test }, name, ({ start }) => {
  const own = async () => {
    const server = await start();
    const client = new MongoClient(server.url);
    await initiate(client);
    const { setName } = await greet(client);
    await client.close();
    return { server, isReplicaSet: setName !== undefined };
  };

  const open = async (url: string) => {
    const store = new MongoSessionStore(url, { timeout: LONGER });
    await works(store);
    return store;
  };

  test('that is killed: UNAVAILABLE or TIMEOUT, and works again without help', async () => {
    const { server, isReplicaSet } = await own();
    try {
      const store = await open(server.url);
      await store.write('a', { n: 1 });
      const running = load([store, store], 'b');
      await pause(200);
      await server.kill();
      const failures = await failuresOf(store, LONGER);
      for (const failure of Object.values(failures)) expect(failure).toMatch(/UNAVAILABLE|TIMEOUT/);
      await running.stop();
      expect(await failuresOf(store, LONGER)).toEqual(
        Object.fromEntries(Object.keys(calls).map((name) => [name, 'UNAVAILABLE not-applied'])),
      );
      await server.start();
      await works(store);
      await store.write('c', { n: 1 });
      expect(await store.read('c')).toEqual({ n: 1 });
      // What the server kept is MongoDB's own promise.
      if (isReplicaSet) {
        expect(await store.read('a')).toEqual({ n: 1 });
        const session = await store.read('b');
        expect(session?.tokens).toEqual(expect.arrayContaining(running.acknowledged));
      }
      await store.close();
    } finally {
      await server.stop();
    }
  });

  test('that is frozen: TIMEOUT in time, and exact when it goes on', async () => {
    const { server } = await own();
    try {
      const stores = await Promise.all([open(server.url), open(server.url)]);
      const [store] = stores;
      await store.write('a', { n: 1 });
      const running = load(stores, 'b');
      await pause(200);
      await server.freeze();
      const failures = await failuresOf(store, LONGER);
      for (const failure of Object.values(failures)) expect(failure).toMatch(/UNAVAILABLE|TIMEOUT/);
      const unused = new MongoSessionStore(server.url, { timeout: LONGER });
      await failureOf(() => unused.init(), LONGER);
      await unused.close();
      await pause(1000);
      await server.thaw();
      await works(store);
      await pause(200);
      const result = await running.stop();
      await pause(200); // what the server had received is applied by now
      const session = await store.read('b');
      isExact(session?.tokens, result);
      expect(await store.update('a', (session) => ({ n: session?.n + 1 }))).toEqual({ n: 2 });
      await Promise.all(stores.map((each) => each.close()));
    } finally {
      await server.stop();
    }
  });

  test('closing a store on a frozen server ends in time', async () => {
    const { server } = await own();
    try {
      const store = await open(server.url);
      await store.write('a', {});
      await server.freeze();
      const started = performance.now();
      await store.close().catch(() => {});
      expect(performance.now() - started).toBeLessThan(LONGER + 100 + SLACK);
      await server.thaw();
    } finally {
      await server.stop();
    }
  });
});
