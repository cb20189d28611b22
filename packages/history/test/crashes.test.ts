import { describe, expect, test } from '@jest/globals';
import { DriverStore, hashId } from '@sessions/core';
import { MapDriver } from '../../core/test/map-driver.ts';
import { History } from '../src/index.ts';
import { HeldDriver, StoppedDriver } from './stopped-driver.ts';

const ID = 'telegram:42';
const HEAD = `history:${ID}`;
const MINUTES = 60;
let now = 1_000_000;
const clock = { now: () => now };
const open = (driver: MapDriver) => {
  const store = new DriverStore(driver, clock);
  // A store that is closed tries nothing again.
  if (driver instanceof StoppedDriver) driver.onStop = () => void store.close();
  return new History(store, { ...clock, expiresIn: MINUTES });
};
const text = 'x'.repeat(229); // so that 33 fill a chunk
const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n, text }));
const parts = (records: Map<string, string>) =>
  [...records.keys()].filter((id) => id.startsWith('history.part:')).length;

/** A history of so many items, each of an operation of its own. */
async function filled(count: number): Promise<Map<string, string>> {
  const records = new Map<string, string>();
  const history = open(new MapDriver(records));
  for (let n = 0; n < count; n++) await history.append(ID, [{ n, text }], { operationId: `${n}` });
  return records;
}

const once = { operationId: 'once' };
const each = { operationId: (item: unknown) => JSON.stringify(item) };
type Case = [count: number, run: (history: History) => Promise<unknown>];
const repeatable: Record<string, Case> = {
  'the first append': [0, (history) => history.append(ID, ['new'], once)],
  'a first append of many': [0, (history) => history.append(ID, numbers(100), once)],
  'an append': [10, (history) => history.append(ID, ['new'], once)],
  'an append that seals': [33, (history) => history.append(ID, [{ text }], once)],
  'an append of many': [70, (history) => history.append(ID, numbers(150), once)],
  'an append by item': [70, (history) => history.append(ID, numbers(100), each)],
  'an append that renews': [
    100,
    async (history) => {
      now += MINUTES * 45_000;
      return history.append(ID, ['new'], once);
    },
  ],
  'a replacement': [70, (history) => history.replaceSuffix(ID, [{ n: 69, text }], ['new'], once)],
  'a replacement across chunks': [
    100,
    (history) => history.replaceSuffix(ID, numbers(100).slice(25), numbers(80), once),
  ],
  'a replacement of all': [
    70,
    (history) => history.replaceSuffix(ID, numbers(70), numbers(70), once),
  ],
};
const others: Record<string, Case> = {
  'a pop': [10, (history) => history.pop(ID)],
  'a pop from a chunk': [
    34,
    async (history) => {
      await history.pop(ID);
      await history.pop(ID);
    },
  ],
  'a touch': [10, (history) => history.touch(ID)],
  clear: [100, (history) => history.clear(ID)],
};

/** Runs it, each time in a process that comes one write further, until it is done. */
async function* crashes(before: Map<string, string>, run: (history: History) => Promise<unknown>) {
  const start = now;
  for (let last = 1; ; last++) {
    for (const isApplied of [false, true]) {
      const records = new Map(before);
      now = start;
      const driver = new StoppedDriver(records, last, isApplied);
      const error = await run(open(driver)).then(
        () => undefined,
        (error) => error,
      );
      if (!error && driver.writes < last) return;
      yield { records, error };
    }
  }
}

describe('a crash after any write', () => {
  test.each(Object.entries({ ...repeatable, ...others }))('%s', async (name, [count, run]) => {
    const before = await filled(count);
    const clean = new Map(before);
    const whole = open(new MapDriver(clean));
    const old = await whole.items(ID);
    const start = now;
    await run(whole);
    const new_ = await whole.items(ID);
    await whole.verify();

    let crashed = 0;
    now = start;
    for await (const { records, error } of crashes(before, run)) {
      crashed++;
      const history = open(new MapDriver(records));
      const found = await history.items(ID);
      if (name !== 'a pop from a chunk') expect([old, new_]).toContainEqual(found);
      // Who was told that it was done finds it done.
      if (error === undefined) expect(found).toEqual(new_);
      else if (error.outcome === 'not-applied') expect(found).toEqual(old);
      if (name in repeatable) {
        now = start;
        await run(history);
        expect(await history.items(ID)).toEqual(new_);
        for (let n = 0; n < count; n += 33) {
          expect(await history.append(ID, ['again'], { operationId: `${n}` })).toBe(0);
        }
        expect((await history.verify()).damaged).toEqual([]);
        expect(parts(records)).toBe(parts(clean));
      }
      expect((await history.verify()).damaged).toEqual([]);
      expect(await history.verify()).toMatchObject({ removed: 0 });
      if (found.length === 0 && count > 0) expect(records.size).toBe(0);
    }
    expect(crashed).toBeGreaterThan(1);
    now = start;
  });

  test('verify', async () => {
    const before = await filled(100);
    // What a clear has left, and a head that goes on.
    for await (const { records } of crashes(before, (history) => history.clear(ID))) {
      if (!records.has(HEAD)) before.clear();
      for (const [id, record] of records) before.set(id, record);
      if (!records.has(HEAD)) break;
    }
    await open(new MapDriver(before)).append(ID, numbers(70));
    let most = 0;
    for await (const { records } of crashes(before, (history) => history.verify())) {
      const history = open(new MapDriver(records));
      expect(await history.items(ID)).toEqual(numbers(70));
      const { removed, damaged } = await history.verify();
      expect(damaged).toEqual([]);
      most = Math.max(most, removed);
    }
    expect(most).toBeGreaterThan(30);
  });
});

test('when a part cannot be written, it is certain that nothing was applied', async () => {
  const driver = new HeldDriver(await filled(33));
  driver.hold = (id) => id.startsWith('history.part:');
  const history = new History(new DriverStore(driver, { ...clock, timeout: 50 }), clock);
  await expect(history.append(ID, [{ text }])).rejects.toMatchObject({
    ...{ code: 'TIMEOUT', outcome: 'not-applied', idHash: hashId(HEAD) },
  });
  driver.release();
  expect(await history.length(ID)).toBe(33);
});

describe('garbage', () => {
  test.each([0, 30])('of a call under way on %d items is removed, and made anew', async (count) => {
    const driver = new HeldDriver(await filled(count));
    const other = open(new MapDriver(driver.records));
    let heads = count > 0 ? 1 : 0;
    driver.hold = (id) => id === HEAD && heads++ > 0;
    const appended = open(driver).append(ID, numbers(300), once);
    await driver.waits();
    const created = parts(driver.records);
    expect(created).toBeGreaterThan(3);
    expect(await other.verify()).toEqual({ histories: 1, removed: created, damaged: [] });
    driver.release();
    expect(await appended).toBe(300);
    expect(await other.items(ID)).toEqual([...numbers(count), ...numbers(300)]);
    expect(await other.verify()).toEqual({ histories: 1, removed: 0, damaged: [] });
  });

  test('of many parts takes one write of the head, or none when that has changed since', async () => {
    for (const writes of [1, 0]) {
      const records = await filled(30);
      const crashed = new HeldDriver(records);
      crashed.hold = (id) => id === HEAD;
      const appended = open(crashed).append(ID, numbers(300));
      await crashed.waits();
      if (writes === 0) await open(new MapDriver(records)).append(ID, ['more']);
      const driver = new HeldDriver(records);
      const heads: string[] = [];
      driver.hold = (id) => id === HEAD && heads.push(id) < 0;
      expect((await open(driver).verify()).removed).toBeGreaterThan(3);
      expect(heads).toHaveLength(writes);
      crashed.release();
      await appended;
    }
  });

  test('of a call under way on what has expired since is removed, and made anew', async () => {
    const driver = new HeldDriver(await filled(30));
    const other = open(new MapDriver(driver.records));
    driver.hold = (id) => id === HEAD;
    const appended = open(driver).append(ID, numbers(300), once);
    await driver.waits();
    const created = parts(driver.records);
    now += MINUTES * 60_000;
    expect(await other.verify()).toEqual({ histories: 0, removed: created, damaged: [] });
    driver.release();
    expect(await appended).toBe(300);
    expect(await other.items(ID)).toEqual(numbers(300));
    expect(await other.verify()).toEqual({ histories: 1, removed: 0, damaged: [] });
  });

  test('that turns out to be none before it is removed stays', async () => {
    const appending = new HeldDriver(await filled(30));
    appending.hold = (id) => id === HEAD;
    const appended = open(appending).append(ID, numbers(100));
    await appending.waits();
    const verifying = new HeldDriver(appending.records);
    verifying.hold = (id) => id === HEAD;
    const verified = open(verifying).verify();
    await verifying.waits();
    appending.release();
    expect(await appended).toBe(100);
    verifying.release();
    expect(await verified).toEqual({ histories: 1, removed: 0, damaged: [] });
    const reader = open(new MapDriver(appending.records));
    expect(await reader.items(ID)).toEqual([...numbers(30), ...numbers(100)]);
  });

  test('that a lost race has made goes at once', async () => {
    const driver = new HeldDriver(await filled(30));
    const other = open(new MapDriver(driver.records));
    driver.hold = (id) => id === HEAD;
    const appended = open(driver).append(ID, numbers(300));
    await driver.waits();
    await other.append(ID, ['between']);
    driver.release();
    expect(await appended).toBe(300);
    expect(await other.items(ID)).toEqual([...numbers(30), 'between', ...numbers(300)]);
    expect(await other.verify()).toEqual({ histories: 1, removed: 0, damaged: [] });
  });

  test('a reader whose chunks go away reads again', async () => {
    const driver = new HeldDriver(await filled(300));
    const other = open(new MapDriver(driver.records));
    let isFirst = true;
    const get = driver.get.bind(driver);
    driver.get = async (id) => {
      if (id !== HEAD && isFirst) {
        isFirst = false;
        await other.replaceSuffix(ID, numbers(300).slice(10), ['short']);
      }
      return get(id);
    };
    expect(await open(driver).items(ID)).toEqual([...numbers(10), 'short']);
    isFirst = true;
    await other.append(ID, numbers(300));
    const all = await other.items(ID);
    isFirst = false;
    driver.get = async (id) => {
      if (id !== HEAD && !isFirst) {
        isFirst = true;
        await other.replaceSuffix(ID, all.slice(5), ['shorter']);
      }
      return get(id);
    };
    const replaced = open(driver).replaceSuffix(ID, all, []);
    await expect(replaced).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await other.items(ID)).toEqual([...numbers(5), 'shorter']);
  });
});
