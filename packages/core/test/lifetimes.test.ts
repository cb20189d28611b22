import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { expiryAt } from '../src/expiry.ts';
import { DriverStore } from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

const MINUTE = 60_000;

function setup() {
  const clock = { now: 0 };
  const map = new MapDriver();
  const store = new DriverStore<{ n: number }>(map, { expiresIn: 10, now: () => clock.now });
  return { clock, map, store, expiresAt: () => map.peek('a')?.expiresAt };
}

type Store = DriverStore<{ n: number }>;
type Options = Parameters<Store['touch']>[1];

const calls: [string, (store: Store, options?: Options) => Promise<unknown>][] = [
  ['write', (store, options) => store.write('a', { n: 2 }, options)],
  ['update', (store, options) => store.update('a', (session) => session, options)],
  ['touch', (store, options) => store.touch('a', options)],
];

describe.each(calls)('%s', (_, call) => {
  test('takes a lifetime of its own, from now on, and the next call uses the store’s', async () => {
    const { clock, store, expiresAt } = setup();
    await store.write('a', { n: 1 });
    clock.now = 1000;
    await call(store, { expiresIn: 2 });
    expect(expiresAt()).toBe(1000 + 2 * MINUTE);
    await call(store, { expiresIn: Infinity });
    expect(expiresAt()).toBeNull();
    await call(store);
    expect(expiresAt()).toBe(1000 + 10 * MINUTE);
    await call(store, { expiresIn: 1 / MINUTE });
    expect(expiresAt()).toBe(1001);
    await store.touch('a');
    expect(expiresAt()).toBe(1000 + 10 * MINUTE);
  });

  test('uses the store’s for options that name none, and for undefined', async () => {
    const { store, expiresAt } = setup();
    await store.write('a', { n: 1 }, { expiresIn: 1 });
    await call(store, { expiresIn: undefined });
    expect(expiresAt()).toBe(10 * MINUTE);
    await store.touch('a', { expiresIn: 1 });
    await call(store, {});
    expect(expiresAt()).toBe(10 * MINUTE);
  });

  test.each<[unknown, typeof TypeError]>([
    [0, RangeError],
    [-1, RangeError],
    [Number.NaN, RangeError],
    ['5', TypeError],
    [null, TypeError],
    [5n, TypeError],
  ])('refuses %p, and changes nothing', async (bad, type) => {
    const { map, store } = setup();
    await store.write('a', { n: 1 });
    const before = map.records.get('a');
    await expect(call(store, { expiresIn: bad as number })).rejects.toThrow(type);
    await expect(call(store, { expiresIn: bad as number })).rejects.toThrow(/expiresIn must be/);
    expect(map.records.get('a')).toBe(before);
  });

  test('refuses options that are no object', async () => {
    const { map, store } = setup();
    await store.write('a', { n: 1 });
    const before = map.records.get('a');
    const refused = new TypeError('the options of this call are an object');
    await expect(call(store, 5 as never)).rejects.toEqual(refused);
    expect(map.records.get('a')).toBe(before);
  });
});

test('a write with ifMatch takes a lifetime too', async () => {
  const { clock, store, expiresAt } = setup();
  await store.write('a', { n: 1 }, { ifMatch: null, expiresIn: 3 });
  expect(expiresAt()).toBe(3 * MINUTE);
  const version = await store.readVersion('a');
  clock.now = MINUTE;
  await store.write('a', { n: 2 }, { ifMatch: version?.etag ?? null, expiresIn: 1 });
  expect(expiresAt()).toBe(2 * MINUTE);
});

test('an update that runs again counts its lifetime from then', async () => {
  const { clock, map, store, expiresAt } = setup();
  const other = new DriverStore<{ n: number }>(new MapDriver(map.records));
  let runs = 0;
  await store.update(
    'a',
    async () => {
      if (runs++ === 0) await other.write('a', { n: 5 });
      clock.now += MINUTE;
      return { n: 1 };
    },
    { expiresIn: 1 },
  );
  expect(runs).toBe(2);
  expect(expiresAt()).toBe(3 * MINUTE);
});

test('a lifetime of whole milliseconds is exact, for all that the division by 60,000 adds', () => {
  for (let milliseconds = 1; milliseconds < 100_000; milliseconds++) {
    if (expiryAt(0, milliseconds / MINUTE) !== milliseconds) expect(milliseconds).toBe('exact');
  }
  for (const milliseconds of [549_456_426_618, 1_032_992_907_537, 2_198_791_298_120]) {
    expect(expiryAt(1000, milliseconds / MINUTE)).toBe(1000 + milliseconds);
  }
});

describe('without a clock of its own', () => {
  afterEach(() => void jest.useRealTimers());

  test('a store follows fake timers that came after it', async () => {
    const store = new DriverStore(new MapDriver(), 1);
    const real = Date.now();
    jest.useFakeTimers({ now: 5 * MINUTE });
    await store.write('a', { n: 1 });
    expect(await store.readVersion('a')).toMatchObject({ expiresAt: 6 * MINUTE });
    jest.setSystemTime(6 * MINUTE - 1);
    expect(await store.read('a')).toEqual({ n: 1 });
    jest.setSystemTime(6 * MINUTE);
    expect(await store.read('a')).toBeNull();
    jest.useRealTimers();
    await store.write('a', { n: 1 });
    expect((await store.readVersion('a'))?.expiresAt).toBeGreaterThanOrEqual(real + MINUTE);
  });
});
