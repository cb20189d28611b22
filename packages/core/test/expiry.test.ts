import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { expiryAt } from '../src/expiry.ts';
import { DEFAULT_EXPIRES_IN, DriverStore, KEEP, type StoreOptions } from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

const YEAR = 365 * 24 * 60 * 60_000;
const MINUTE = 60_000;

function storeAt(start: number, options: StoreOptions = {}) {
  const clock = { now: start };
  const driver = new MapDriver();
  return { clock, driver, store: new DriverStore(driver, { ...options, now: () => clock.now }) };
}

test('the default lifetime is a year of 365 days, in minutes', () => {
  expect(DEFAULT_EXPIRES_IN).toBe(525_600);
  expect(expiryAt(0, DEFAULT_EXPIRES_IN)).toBe(YEAR);
});

test.each([
  [0, 10 / 60, 10_000],
  [0.2, 1, MINUTE + 1],
  [5, 1e-308, 6],
  [0, 0.00001, 1],
  [8.64e15 - MINUTE, 1, 8.64e15],
])('at %d with %d minutes a session expires at %d', (now, minutes, at) => {
  expect(expiryAt(now, minutes)).toBe(at);
});

test.each([Infinity, 1e308, Number.MAX_VALUE, 8.64e15])('%d minutes mean never', (minutes) => {
  expect(expiryAt(Date.now(), minutes)).toBeNull();
});

test.each([Number.NaN, Infinity, -Infinity, undefined, null, '5', new Date(5)])(
  'a clock that returns %p is an error, not a session that never expires',
  async (bad) => {
    const { clock, store } = storeAt(bad as number);
    await expect(store.write('a', {})).rejects.toThrow(new TypeError(`the clock returned ${bad}`));
    clock.now = 0;
    await expect(store.read('a')).resolves.toBeNull();
  },
);

describe('the constructor refuses', () => {
  test.each([0, -1, -Infinity, Number.NaN])('%d with a RangeError that says what to do', (bad) => {
    const make = () => new DriverStore(new MapDriver(), bad);
    expect(make).toThrow(RangeError);
    expect(make).toThrow(/Infinity means never/);
    expect(() => new DriverStore(new MapDriver(), { expiresIn: bad })).toThrow(RangeError);
  });

  test.each([
    ['5', 'a string'],
    [null, 'null'],
    [true, 'a boolean'],
    [new Date(), 'a object'],
    [5n, 'a bigint'],
    [() => 5, 'a function'],
  ])('%p with a TypeError that says what it got', (bad, got) => {
    const expiresIn = bad as unknown as number;
    expect(() => new DriverStore(new MapDriver(), { expiresIn })).toThrow(
      new TypeError(`expiresIn must be a number of minutes, not ${got}; 10 / 60 is ten seconds`),
    );
  });

  test('a lifetime given in place of options as a string, and null', () => {
    expect(() => new DriverStore(new MapDriver(), '5' as unknown as number)).toThrow(TypeError);
    expect(() => new DriverStore(new MapDriver(), null as unknown as number)).toThrow(TypeError);
  });

  test.each([0, -1, Number.NaN, Infinity, 2 ** 31])('a timeout of %d', (timeout) => {
    expect(() => new DriverStore(new MapDriver(), { timeout })).toThrow(RangeError);
  });

  test('options of the wrong type', () => {
    for (const options of [
      { timeout: '5' },
      { maxSessionBytes: '1' },
      { now: 5 },
      { onWarning: 5 },
    ]) {
      const bad = options as unknown as StoreOptions;
      expect(() => new DriverStore(new MapDriver(), bad)).toThrow(TypeError);
    }
    expect(() => new DriverStore(new MapDriver(), { maxSessionBytes: 0 })).toThrow(RangeError);
  });
});

test('a session is there until expiresAt, and gone at that moment', async () => {
  const { clock, store } = storeAt(1000, { expiresIn: 1 });
  await store.write('a', { n: 1 });
  clock.now += MINUTE - 1;
  expect(await store.read('a')).toEqual({ n: 1 });
  clock.now += 1;
  expect(await store.read('a')).toBeNull();
  expect(await store.all()).toEqual([]);
  expect(await store.touch('a')).toBe(false);
  expect(await store.read('a')).toBeNull();
});

test('reading does not renew; writing, updating and touching do', async () => {
  const { clock, store } = storeAt(0, { expiresIn: 2 });
  await store.write('read', {});
  await store.write('write', {});
  await store.write('update', {});
  await store.write('touch', { kept: true });
  clock.now = MINUTE;
  await store.read('read');
  await store.write('write', {});
  await store.update('update', (session) => session);
  expect(await store.touch('touch')).toBe(true);
  clock.now = 2 * MINUTE;
  expect(await store.read('read')).toBeNull();
  expect(await store.read('write')).toEqual({});
  expect(await store.read('update')).toEqual({});
  expect(await store.read('touch')).toEqual({ kept: true });
});

test('update resolves with what it stored, even when that has expired by then', async () => {
  let now = 0;
  const clock = () => {
    now += MINUTE;
    return now;
  };
  const store = new DriverStore(new MapDriver(), { expiresIn: 1, now: clock });
  await expect(store.update('a', () => ({ n: 1 }))).resolves.toEqual({ n: 1 });
  await expect(store.update('a', () => KEEP)).resolves.toBeNull();
});

test('an expired session is null to update, which starts a new life', async () => {
  const { clock, store } = storeAt(0, { expiresIn: 1 });
  await store.write('a', { old: true });
  clock.now = MINUTE;
  const seen: unknown[] = [];
  await store.update('a', (session) => {
    seen.push(session);
    return { new: true };
  });
  expect(seen).toEqual([null]);
  expect(await store.read('a')).toEqual({ new: true });
});

test('prune removes what has expired, nothing else, and says how many', async () => {
  const { clock, driver, store } = storeAt(0, { expiresIn: 1 });
  for (let i = 0; i < 10; i++) await store.write(`old:${i}`, {});
  clock.now = MINUTE - 1;
  await store.write('young', {});
  expect(await store.prune()).toBe(0);
  clock.now = MINUTE;
  expect(await store.prune()).toBe(10);
  expect([...driver.records.keys()]).toEqual(['young']);
  expect(await store.prune()).toBe(0);
});

test('prune removes sixteen sessions at once, and no more', async () => {
  const { clock, driver, store } = storeAt(0, { expiresIn: 1 });
  for (let i = 0; i < 100; i++) await store.write(`old:${i}`, {});
  clock.now = MINUTE;
  const remove = driver.delete.bind(driver);
  let running = 0;
  let most = 0;
  driver.delete = async (...args: Parameters<typeof remove>) => {
    most = Math.max(most, ++running);
    await nextTurn();
    running--;
    return remove(...args);
  };
  expect(await store.prune()).toBe(100);
  expect(most).toBe(16);
});

test('prune stops between two sessions when it is told to', async () => {
  const { clock, driver, store } = storeAt(0, { expiresIn: 1 });
  for (const id of ['a', 'b', 'c']) await store.write(id, {});
  clock.now = MINUTE;
  const controller = new AbortController();
  const remove = driver.delete.bind(driver);
  driver.delete = (...args: Parameters<typeof remove>) => {
    controller.abort(new Error('enough'));
    return remove(...args);
  };
  await expect(store.prune({ signal: controller.signal })).rejects.toThrow('enough');
  expect([...driver.records.keys()]).toEqual(['b', 'c']);
});

test('prune leaves a session that was written again meanwhile', async () => {
  const { clock, driver, store } = storeAt(0, { expiresIn: 1 });
  await store.write('a', { life: 1 });
  clock.now = MINUTE;
  const entries = driver.entries.bind(driver);
  driver.entries = async function* () {
    for await (const entry of entries()) {
      await store.write('a', { life: 2 });
      yield entry;
    }
  };
  expect(await store.prune()).toBe(0);
  expect(await store.read('a')).toEqual({ life: 2 });
});

describe('prune of a driver that finds what has expired by itself', () => {
  const counts = (...answers: number[]) => {
    const asked: number[] = [];
    const driver = Object.assign(new MapDriver(), {
      entries: () => {
        throw new Error('nothing has to be listed');
      },
      prune: async (now: number, timeout: number) => {
        asked.push(now, timeout);
        return answers.shift() ?? 0;
      },
    });
    const store = new DriverStore(driver, { now: () => 1234, timeout: 500 });
    return { asked, driver, store };
  };

  test('asks it until nothing is left, and adds up', async () => {
    const { asked, store } = counts(1000, 1000, 7);
    await store.init(); // which takes some of the first call's time
    expect(await store.prune()).toBe(2007);
    expect(asked).toEqual([1234, 500, 1234, 500, 1234, 500, 1234, 500]);
  });

  test('tells it whole milliseconds, whatever the clock gives', async () => {
    const { asked, driver } = counts();
    const store = await new DriverStore(driver, { now: () => 1234.75 }).init();
    await store.prune();
    expect(asked[0]).toBe(1234);
  });

  test('stops in between when its signal says so', async () => {
    const { asked, driver, store } = counts();
    const controller = new AbortController();
    driver.prune = async (now) => {
      if (asked.push(now) === 3) controller.abort(new Error('enough'));
      return 1000;
    };
    await expect(store.prune({ signal: controller.signal })).rejects.toThrow('enough');
    expect(asked).toHaveLength(3);
  });

  test('fails as unknown: some may be gone', async () => {
    const { driver, store } = counts();
    driver.prune = async () => {
      throw new Error('down');
    };
    await expect(store.prune()).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
  });
});

test('Infinity never expires, however far the clock goes', async () => {
  const { clock, store } = storeAt(0, { expiresIn: Infinity });
  await store.write('a', { n: 1 });
  clock.now = Number.MAX_VALUE;
  expect(await store.read('a')).toEqual({ n: 1 });
  expect(await store.prune()).toBe(0);
});

test('jumps of the clock by a thousand years do what arithmetic says', async () => {
  const { clock, store } = storeAt(Date.UTC(2026, 10, 22), { expiresIn: 1 });
  await store.write('a', { n: 1 });
  clock.now -= 1000 * YEAR;
  expect(await store.read('a')).toEqual({ n: 1 });
  await store.write('b', { n: 2 });
  clock.now += MINUTE;
  expect(await store.read('b')).toBeNull();
  clock.now += 2000 * YEAR;
  expect(await store.read('a')).toBeNull();
  await store.write('c', { n: 3 });
  expect(await store.read('c')).toEqual({ n: 3 });
});
