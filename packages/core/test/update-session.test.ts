import { expect, test } from '@jest/globals';
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
