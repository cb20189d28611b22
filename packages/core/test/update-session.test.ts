import { expect, jest, test } from '@jest/globals';
import { DriverStore, type Session, type SessionStore, updateSession } from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

function handWritten(): SessionStore {
  const sessions = new Map<string, Session>();
  return {
    async init() {
      return this;
    },
    read: async (id) => sessions.get(id) ?? null,
    async write(id, session) {
      await new Promise(setImmediate);
      sessions.set(id, session);
    },
    async destroy(id) {
      sessions.delete(id);
    },
    all: async () => [...sessions.values()],
  };
}

const increment = (session: Session | null) => ({ n: (session?.n ?? 0) + 1 });

test.each<[string, () => SessionStore]>([
  ['a store of five methods', handWritten],
  ['a full store', () => new DriverStore(new MapDriver())],
])('%s is updated without losing a change of this process', async (_, make) => {
  const store = make();
  await Promise.all(Array.from({ length: 50 }, () => updateSession(store, 'a', increment)));
  expect(await store.read('a')).toEqual({ n: 50 });
  expect(await updateSession(store, 'a', () => null)).toBeNull();
  expect(await store.read('a')).toBeNull();
  await expect(updateSession(store, 'a', () => undefined as never)).rejects.toThrow(TypeError);
  await expect(updateSession(store, 'a', () => ({ n: 1n }))).rejects.toMatchObject({
    code: 'INVALID_SESSION',
  });
  expect(await store.read('a')).toBeNull();
});

test('a change cannot reach what a hand-written store keeps', async () => {
  const store = handWritten();
  await store.write('a', { list: [1] });
  const failing = updateSession(store, 'a', (session) => {
    session?.list.push(2);
    throw new Error('mine');
  });
  await expect(failing).rejects.toThrow('mine');
  expect(await store.read('a')).toEqual({ list: [1] });
});

test('a full store’s own update is used, which loses no change of another process either', async () => {
  const records = new Map<string, string>();
  const [store, other] = [0, 0].map(() => new DriverStore(new MapDriver(records)));
  let runs = 0;
  await updateSession(store as DriverStore, 'a', async (session) => {
    if (runs++ === 0) await other?.write('a', { n: 10 });
    return increment(session);
  });
  expect(await store?.read('a')).toEqual({ n: 11 });
});

test('two copies of this package share the turns of a store', async () => {
  const store = handWritten();
  jest.resetModules();
  const copy: typeof import('../src/index.ts') = await import('../src/index.ts');
  expect(copy.updateSession).not.toBe(updateSession);
  const both = [updateSession, copy.updateSession];
  await Promise.all(Array.from({ length: 50 }, (_, i) => both[i % 2]?.(store, 'a', increment)));
  expect(await store.read('a')).toEqual({ n: 50 });
  const key = Symbol.for('@sessions/core mutexes'); // also of other versions
  expect((globalThis as { [key]?: WeakMap<object, unknown> })[key]?.has(store)).toBe(true);
});

test('a change that returns undefined is told what to return', async () => {
  const refused = new TypeError(
    'change returned undefined; return the session, null to destroy it, or KEEP to leave it',
  );
  for (const store of [handWritten(), new DriverStore(new MapDriver())]) {
    await expect(updateSession(store, 'a', () => undefined as never)).rejects.toEqual(refused);
  }
});
