import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import {
  type Copied,
  type CopyOptions,
  copy,
  DriverStore,
  hashId,
  type Session,
  type SessionStore,
} from '../src/index.ts';
import { appliedAndLost } from './faults.ts';
import { MapDriver } from './map-driver.ts';

const MINUTE = 60_000;

/** Two stores with one clock. */
function setup({ timeout = 5000 } = {}) {
  const clock = { now: 1000 };
  const now = () => clock.now;
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  const [source, target] = [new MapDriver(), new MapDriver()];
  const from = new DriverStore(source, { expiresIn: 10, now, timeout, onWarning });
  const to = new DriverStore(target, { expiresIn: 99, now, timeout });
  const run = (options: CopyOptions = {}) => copy(from, to, { now, ...options });
  return { clock, now, source, target, from, to, run, warnings };
}

async function fill(store: DriverStore, count: number) {
  for (let i = 0; i < count; i++) await store.write(`a:${String(i).padStart(3, '0')}`, { i });
}

test('copy takes every session over with what is left of its lifetime, to the millisecond', async () => {
  const { clock, source, target, from, to, run } = setup();
  for (let i = 0; i < 300; i++) {
    clock.now = 1000 + 7 * i;
    await from.write(`a:${i}`, { i, deep: { list: [i] } });
  }
  await from.write('never', { n: 1 }, { expiresIn: Infinity });
  await from.write('short', { n: 2 }, { expiresIn: 1 / MINUTE });
  expect(await run()).toEqual({ copied: 302, kept: 0 });
  expect(target.records.size).toBe(302);
  for (const id of source.records.keys()) {
    const [copied, original] = [target.peek(id), source.peek(id)];
    expect(copied).toMatchObject({ session: original?.session, history: [] });
    expect(copied?.etag).not.toBe(original?.etag);
  }
  clock.now = 60_000;
  for (const [id, { session, expiresAt }] of await all(from)) {
    expect([id, await to.readVersion(id)]).toEqual([
      id,
      { session, expiresAt, etag: expect.any(String) },
    ]);
  }
});

async function all(store: DriverStore) {
  const list: [string, { session: Session; expiresAt: number | null }][] = [];
  for await (const entry of store.versions()) list.push(entry);
  return list;
}

test('a lifetime counts by the clock of the copy, where the stores have others', async () => {
  const { from, target } = setup();
  const to = new DriverStore(target, { now: () => 500_000 });
  await from.write('a', {});
  await copy(from, to, { now: () => 1000 + 3 * MINUTE });
  expect(target.peek('a')?.expiresAt).toBe(500_000 + 7 * MINUTE);
});

test('without a clock it counts by that of the machine', async () => {
  const from = new DriverStore(new MapDriver(), 10);
  const target = new MapDriver();
  await from.write('a', {});
  const { expiresAt } = (await from.readVersion('a')) as { expiresAt: number };
  await copy(from, new DriverStore(target));
  const copied = target.peek('a')?.expiresAt as number;
  expect(copied).toBeGreaterThanOrEqual(expiresAt);
  expect(copied).toBeLessThan(expiresAt + MINUTE);
});

test('what has expired is not copied, not even when it expires after it was listed', async () => {
  const { clock, target, from, run } = setup();
  await from.write('old', {}, { expiresIn: 1 });
  clock.now += MINUTE;
  await from.write('last', {}, { expiresIn: 1 / MINUTE });
  await from.write('later', {}, { expiresIn: 2 / MINUTE });
  const now = () => clock.now + 1; // by which one is over that was there when it was listed
  const told: Copied[] = [];
  const onProgress = (progress: Copied) => void told.push(progress);
  expect(await run({ now, onProgress })).toEqual({ copied: 1, kept: 0 });
  expect([...target.records.keys()]).toEqual(['later']);
  expect(told).toEqual([{ copied: 1, kept: 0 }]);
});

test('a session that is there already is newer and stays, unless it has expired', async () => {
  const { clock, from, to, run } = setup();
  await to.write('expired', { of: 'to' }, { expiresIn: 1 });
  clock.now += MINUTE;
  for (const id of ['newer', 'expired', 'absent']) await from.write(id, { of: 'from' });
  await to.write('newer', { of: 'to' });
  await to.write('other', { of: 'to' });
  const before = await to.readVersion('newer');
  expect(await run()).toEqual({ copied: 2, kept: 1 });
  expect(await to.readVersion('newer')).toEqual(before);
  expect(await to.read('expired')).toEqual({ of: 'from' });
  expect(await to.read('absent')).toEqual({ of: 'from' });
  expect(await to.read('other')).toEqual({ of: 'to' });
});

test('a session that a bot creates meanwhile stays', async () => {
  const { from, target, run } = setup();
  const bot = new DriverStore(new MapDriver(target.records));
  await from.write('a', { of: 'from' });
  const put = target.put.bind(target);
  target.put = async (...args) => {
    await bot.write('a', { of: 'bot' });
    return put(...args);
  };
  expect(await run()).toEqual({ copied: 0, kept: 1 });
  expect(await bot.read('a')).toEqual({ of: 'bot' });
});

test('a session whose answer got lost is copied once', async () => {
  const { from, to, target, run } = setup();
  await from.write('a', { n: 1 });
  const put = target.put.bind(target);
  target.put = (...args) => {
    target.put = put;
    return appliedAndLost(put)(...args);
  };
  expect(await run()).toEqual({ copied: 1, kept: 0 });
  expect(await to.read('a')).toEqual({ n: 1 });
});

test('the prefix chooses what is copied', async () => {
  const { from, target, run } = setup();
  await fill(from, 2);
  await from.write('b:1', {});
  expect(await run({ prefix: 'a:' })).toEqual({ copied: 2, kept: 0 });
  expect([...target.records.keys()].sort()).toEqual(['a:000', 'a:001']);
});

test('corrupt records reach the onWarning of the store that has them, and are no reason to stop', async () => {
  const { from, source, target, run, warnings } = setup();
  source.records.set('bad', '5');
  await from.write('good', {});
  expect(await run()).toEqual({ copied: 1, kept: 0 });
  expect([...target.records.keys()]).toEqual(['good']);
  expect(warnings).toEqual([expect.objectContaining({ code: 'CORRUPT', idHash: hashId('bad') })]);
});

test('onProgress is told after each session, and what it throws stops the copy', async () => {
  const { from, to, target, run } = setup();
  await fill(from, 3);
  await to.write('a:001', {});
  const told: Copied[] = [];
  const result = await run({ onProgress: (progress) => void told.push(progress) });
  expect(told.map(({ copied, kept }) => copied + kept)).toEqual([1, 2, 3]);
  expect(told.at(-1)).toEqual({ copied: 2, kept: 1 });
  expect(result).toEqual({ copied: 2, kept: 1 });

  target.records.clear();
  const onProgress = () => {
    throw new Error('mine');
  };
  await expect(run({ onProgress })).rejects.toEqual(new Error('mine'));
});

test('onRefused is told what the other store does not take, and the rest is copied', async () => {
  const { now, from, target } = setup();
  for (const id of ['a', 'b', 'c']) await from.write(id, { text: 'x'.repeat(10) });
  await from.write('large', { text: 'x'.repeat(1000) });
  target.records.set('c', '5');
  const to = new DriverStore(target, { maxSessionBytes: 100, now });
  const refused: [string, string][] = [];
  const onRefused: CopyOptions['onRefused'] = (id, { code }) => void refused.push([id, code]);
  expect(await copy(from, to, { now, onRefused })).toEqual({ copied: 2, kept: 0 });
  expect(refused.sort()).toEqual([
    ['c', 'CORRUPT'],
    ['large', 'TOO_LARGE'],
  ]);
  expect(target.records.get('c')).toBe('5');

  target.put = () => Promise.reject(new Error('to is down'));
  target.records.clear();
  await expect(copy(from, to, { now, onRefused })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(refused.filter(([, code]) => code === 'UNAVAILABLE')).toEqual([]);
});

test('an interrupted copy is called again, and goes on', async () => {
  const { from, to, target, run } = setup();
  await fill(from, 50);
  const controller = new AbortController();
  const interrupted = run({
    signal: controller.signal,
    onProgress: ({ copied }) => {
      if (copied === 10) controller.abort(new Error('enough'));
    },
  });
  await expect(interrupted).rejects.toEqual(new Error('enough'));
  const done = target.records.size;
  expect(done).toBeGreaterThanOrEqual(10);
  expect(done).toBeLessThan(50);
  const before = await to.readVersion('a:000');
  expect(await run()).toEqual({ copied: 50 - done, kept: done });
  expect(await to.readVersion('a:000')).toEqual(before);
  expect(target.records.size).toBe(50);
});

describe('the copy rejects', () => {
  test('with the error of the store that fails', async () => {
    const first = setup({ timeout: 40 });
    await fill(first.from, 1);
    first.target.put = () => Promise.reject(new Error('to is down'));
    await expect(first.run()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: new Error('to is down'),
    });
    const second = setup({ timeout: 40 });
    second.source.entries = () => {
      throw new Error('from is down');
    };
    await expect(second.run()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: new Error('from is down'),
    });
  });

  test('with TOO_LARGE for a session that the other store does not take', async () => {
    const { now, from, target } = setup();
    await from.write('a', { text: 'x'.repeat(1000) });
    const to = new DriverStore(target, { maxSessionBytes: 100 });
    await expect(copy(from, to, { now })).rejects.toMatchObject({
      code: 'TOO_LARGE',
      idHash: hashId('a'),
    });
  });

  test('with a TypeError for a store of five methods, or none, and reads nothing', async () => {
    const { from } = setup();
    from.versions = () => {
      throw new Error('it was read');
    };
    const five: SessionStore = {
      async init() {
        return this;
      },
      read: async () => null,
      write: async () => {},
      destroy: async () => {},
      all: async () => [],
    };
    for (const bad of [five, null, undefined, {}, 5]) {
      await expect(copy(bad as never, from)).rejects.toEqual(
        new TypeError('from must be a store with versions'),
      );
      await expect(copy(from, bad as never)).rejects.toEqual(
        new TypeError('to must be a store with versions'),
      );
    }
  });

  test.each<[object | null, RegExp]>([
    [{ onProgress: 5 }, /^onProgress must be a function$/],
    [{ onRefused: 5 }, /^onRefused must be a function$/],
    [{ now: 5 }, /^now must be a function$/],
    [{ prefix: 5 }, /^prefix must be text, not number$/],
    [{ progress: () => {} }, /^copy has no option progress; did you mean onProgress\?$/],
    [null, /^the options of copy are an object$/],
  ])('with a TypeError for the options %p', async (options, message) => {
    const { from, to } = setup();
    await expect(copy(from, to, options as never)).rejects.toThrow(message);
    await expect(copy(from, to, options as never)).rejects.toThrow(TypeError);
  });
});

test('sixteen sessions are copied at once, and no more', async () => {
  const { from, target, run } = setup();
  await fill(from, 100);
  const put = target.put.bind(target);
  let running = 0;
  let most = 0;
  target.put = async (...args) => {
    most = Math.max(most, ++running);
    await setTimeout(1);
    running--;
    return put(...args);
  };
  expect(await run()).toEqual({ copied: 100, kept: 0 });
  expect(most).toBe(16);
});
