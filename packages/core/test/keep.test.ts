import { describe, expect, jest, test } from '@jest/globals';
import { type Driver, DriverStore, KEEP, type SessionStore, updateSession } from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

interface List {
  list: number[];
}

function setup() {
  const clock = { now: 0 };
  const map = new MapDriver();
  const driver: Driver = map;
  const now = () => clock.now;
  const store = new DriverStore<List>(driver, { expiresIn: 1, now });
  const other = new DriverStore<List>(new MapDriver(map.records), { expiresIn: 1, now });
  return { clock, map, driver, store, other };
}

test('a change that answers KEEP leaves the session, its version and its lifetime', async () => {
  const { clock, driver, map, store } = setup();
  await store.write('a', { list: [1] });
  const before = map.records.get('a');
  const send = jest.fn<() => boolean>();
  Object.assign(driver, { put: send, delete: send });
  clock.now = 30_000;
  expect(await store.update('a', () => KEEP)).toEqual({ list: [1] });
  expect(await store.update('a', async (session) => session && KEEP, { expiresIn: 5 })).toEqual({
    list: [1],
  });
  expect(send).not.toHaveBeenCalled();
  expect(map.records.get('a')).toBe(before);
});

test('KEEP of a session that is absent or has expired is null', async () => {
  const { clock, map, store } = setup();
  expect(await store.update('a', () => KEEP)).toBeNull();
  expect(map.records.size).toBe(0);
  await store.write('a', { list: [1] });
  clock.now = 60_000;
  expect(await store.update('a', () => KEEP)).toBeNull();
});

test('what KEEP resolves with is a private copy, without what change did to its argument', async () => {
  const { store } = setup();
  await store.write('a', { list: [1] });
  const kept = await store.update('a', (session) => {
    session?.list.push(2);
    return KEEP;
  });
  expect(kept).toEqual({ list: [1] });
  kept?.list.push(3);
  expect(await store.read('a')).toEqual({ list: [1] });
});

test('KEEP after a conflict resolves with the fresh session', async () => {
  const { store, other } = setup();
  await store.write('a', { list: [1] });
  const seen: unknown[] = [];
  const kept = await store.update('a', async (session) => {
    seen.push(session);
    if (seen.length > 1) return KEEP;
    await other.write('a', { list: [1, 2] });
    return { list: [] };
  });
  expect(seen).toEqual([{ list: [1] }, { list: [1, 2] }]);
  expect(kept).toEqual({ list: [1, 2] });
  expect(await store.read('a')).toEqual({ list: [1, 2] });
});

test('a change after a conflict that kept nothing before is stored', async () => {
  const { driver, store } = setup();
  const put = driver.put.bind(driver);
  const answers = [false];
  driver.put = async (...args) => answers.shift() ?? put(...args);
  expect(await store.update('a', () => ({ list: [5] }))).toEqual({ list: [5] });
  expect(await store.read('a')).toEqual({ list: [5] });
});

test.each([undefined, null, { list: [] }])(
  'a change that is %p is refused by name',
  async (bad) => {
    const { store } = setup();
    const update = store.update('a', bad as never);
    await expect(update).rejects.toThrow(new TypeError('change must be a function'));
  },
);

test('a change that returns undefined is told what to return', async () => {
  const { store } = setup();
  const update = store.update('a', (() => undefined) as never);
  await expect(update).rejects.toThrow(/returned undefined/);
});

describe('updateSession', () => {
  test.each<[string, () => SessionStore<List>]>([
    ['a full store', () => setup().store],
    ['a store of five methods', fiveMethods],
  ])('of %s keeps what it finds', async (_, make) => {
    const store = make();
    expect(await updateSession(store, 'a', () => KEEP)).toBeNull();
    await store.write('a', { list: [1] });
    const kept = await updateSession(store, 'a', (session) => {
      session?.list.push(2);
      return KEEP;
    });
    expect(kept).toEqual({ list: [1] });
    kept?.list.push(3);
    expect(await store.read('a')).toEqual({ list: [1] });
  });
});

/** Keeps what it is given as it is, and counts on nobody to write without need. */
function fiveMethods(): SessionStore<List> {
  const sessions = new Map<string, List>();
  return {
    async init() {
      return this;
    },
    read: async (id) => sessions.get(id) ?? null,
    async write(id, session) {
      if (sessions.has(id)) throw new Error('it was written again');
      sessions.set(id, session);
    },
    async destroy() {
      throw new Error('it was destroyed');
    },
    all: async () => [...sessions.values()],
  };
}

test('KEEP is the same symbol for all copies of this package, and the types refuse another', async () => {
  expect(KEEP).toBe(Symbol.for('@sessions/core KEEP'));
  const { store } = setup();
  // @ts-expect-error -- a symbol of one's own is no answer
  const update = store.update('a', () => Symbol('other'));
  await expect(update).rejects.toMatchObject({ code: 'INVALID_SESSION' });
});
