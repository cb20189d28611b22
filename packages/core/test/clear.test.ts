import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type DriverEntry, DriverStore, SessionError } from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

function setup(options = {}) {
  const clock = { now: 0 };
  const map = new MapDriver();
  const warnings: Error[] = [];
  const store = new DriverStore(map, {
    expiresIn: 1,
    now: () => clock.now,
    onWarning: (warning) => warnings.push(warning),
    ...options,
  });
  return { clock, map, store, warnings };
}

async function fill(store: DriverStore, count: number) {
  for (let i = 0; i < count; i++) await store.write(`a:${i}`, { i });
}

test('clear destroys every session and says how many', async () => {
  const { map, store } = setup();
  expect(await store.clear()).toBe(0);
  await fill(store, 40);
  expect(await store.clear()).toBe(40);
  expect(map.records.size).toBe(0);
});

test('clear destroys the sessions of a prefix alone', async () => {
  const { map, store } = setup();
  await fill(store, 3);
  await store.write('b:1', {});
  expect(await store.clear({ prefix: 'a:' })).toBe(3);
  expect([...map.records.keys()]).toEqual(['b:1']);
});

test('what has expired goes too, and does not count', async () => {
  const { clock, map, store } = setup();
  await fill(store, 3);
  clock.now = 60_000;
  await store.write('b', {});
  expect(await store.clear()).toBe(1);
  expect(map.records.size).toBe(0);
});

test('corrupt records and what is no session stay, and go to onWarning', async () => {
  const { map, store, warnings } = setup();
  const foreign = new SessionError('CORRUPT', 'a file of somebody else');
  const entries = map.entries.bind(map);
  map.entries = async function* (): AsyncGenerator<DriverEntry> {
    yield foreign;
    yield* entries();
  };
  await fill(store, 2);
  map.records.set('bad', '{"session":5}');
  expect(await store.clear()).toBe(2);
  expect([...map.records.keys()]).toEqual(['bad']);
  expect(warnings).toEqual([foreign, expect.objectContaining({ code: 'CORRUPT' })]);
});

test('it does not go by ids, under which there may be no session', async () => {
  const { map, store } = setup();
  await fill(store, 1);
  map.records.set('bad', '5');
  Object.assign(map, { ids: () => [...map.records.keys()] });
  expect(await store.clear()).toBe(1);
  expect([...map.records.keys()]).toEqual(['bad']);
});

describe('interrupted by its signal', () => {
  test('clear destroys no more, and rejects with the reason once those under way are over', async () => {
    const { map, store } = setup();
    await fill(store, 40);
    const controller = new AbortController();
    const remove = map.delete.bind(map);
    let begun = 0;
    let over = 0;
    map.delete = async (id, expected) => {
      if (++begun === 3) controller.abort(new Error('enough'));
      await setTimeout(5);
      over++;
      return remove(id, expected);
    };
    await expect(store.clear({ signal: controller.signal })).rejects.toThrow('enough');
    expect(begun).toBe(3);
    expect(over).toBe(3);
    expect(map.records.size).toBe(37);
  });
});

describe('when a destroy fails', () => {
  test('clear rejects with its error, once those under way are over, and lists no more', async () => {
    const { map, store } = setup();
    await fill(store, 100);
    let listed = 0;
    let isLeft = false;
    const entries = map.entries.bind(map);
    map.entries = async function* () {
      try {
        for await (const entry of entries()) {
          listed++;
          yield entry;
        }
      } finally {
        isLeft = true;
      }
    };
    const remove = map.delete.bind(map);
    const under = new Set<string>();
    map.delete = async (id, expected) => {
      under.add(id);
      await setTimeout(id === 'a:2' ? 1 : 10);
      under.delete(id);
      if (id === 'a:2') throw new Error('down');
      return remove(id, expected);
    };
    await expect(store.clear()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'unknown',
      cause: new Error('down'),
    });
    expect(under.size).toBe(0);
    expect(isLeft).toBe(true);
    expect(listed).toBeLessThan(20);
    expect(map.records.has('a:2')).toBe(true);
  });

  test('its error is the one that clear rejects with, and not what the list throws later', async () => {
    const { map, store } = setup();
    await fill(store, 1);
    const entries = map.entries.bind(map);
    map.delete = async () => {
      throw new Error('first');
    };
    map.entries = async function* () {
      yield* entries();
      await setTimeout(5);
      throw new Error('second');
    };
    await expect(store.clear()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

test('clear rejects when the list fails midway, and awaits what it began', async () => {
  const { map, store } = setup();
  await fill(store, 3);
  const entries = map.entries.bind(map);
  map.entries = async function* () {
    yield* entries();
    throw new Error('node down');
  };
  const remove = map.delete.bind(map);
  map.delete = async (id, expected) => {
    await setTimeout(5);
    return remove(id, expected);
  };
  await expect(store.clear()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(map.records.size).toBe(0);
});

test('sixteen sessions are destroyed at once, and no more', async () => {
  const { map, store } = setup();
  await fill(store, 100);
  const remove = map.delete.bind(map);
  let running = 0;
  let most = 0;
  map.delete = async (id, expected) => {
    most = Math.max(most, ++running);
    await setTimeout(1);
    running--;
    return remove(id, expected);
  };
  expect(await store.clear()).toBe(100);
  expect(most).toBe(16);
});
