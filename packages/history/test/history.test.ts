import { describe, expect, test } from '@jest/globals';
import { DriverStore, type Session } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { MapDriver } from '../../core/test/map-driver.ts';
import { History, type HistoryOptions } from '../src/index.ts';

const ID = 'telegram:42';
const make = <T = unknown>(options?: HistoryOptions) => {
  const store = new MemorySessionStore();
  return { store, history: new History<T>(store, options) };
};
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({ n: from + n }));
const LONG = 1000; // items, of which most are in chunks
const ids = async (store: { ids(): AsyncIterable<string> }) => {
  const all: string[] = [];
  for await (const id of store.ids()) all.push(id);
  return all;
};
const listed = async (history: History, prefix?: string) => {
  const all = [];
  for await (const entry of history.list(prefix === undefined ? {} : { prefix })) all.push(entry);
  return all;
};

describe('items', () => {
  test('are none at first', async () => {
    const { history, store } = make();
    expect(await history.items(ID)).toEqual([]);
    expect(await history.length(ID)).toBe(0);
    expect(await history.pop(ID)).toBeUndefined();
    expect(await history.touch(ID)).toBe(false);
    expect(await history.append(ID, [])).toBe(0);
    await history.clear(ID);
    expect(await ids(store)).toEqual([]);
  });

  test('come back in order, whether appended one by one or all at once', async () => {
    for (const size of [3, 100, LONG]) {
      const { history } = make();
      for (let n = 0; n < LONG; n += size) {
        const some = numbers(n, Math.min(n + size, LONG));
        expect(await history.append(ID, some)).toBe(some.length);
      }
      expect(await history.items(ID)).toEqual(numbers(0, LONG));
      expect(await history.length(ID)).toBe(LONG);
    }
  });

  test('are the newest up to limit, and those before a position', async () => {
    const { history } = make();
    await history.append(ID, numbers(0, LONG));
    for (const limit of [0, 1, 20, 64, 65, 500, LONG, LONG + 1]) {
      for (const before of [0, 1, 63, 64, 65, 700, LONG - 1, LONG, LONG + 1, Infinity]) {
        const to = Math.min(before, LONG);
        const expected = numbers(Math.max(to - limit, 0), to);
        expect(await history.items(ID, { limit, before })).toEqual(expected);
      }
    }
  });

  test('of any kind that JSON has come back equal, and are isolated', async () => {
    const { history } = make();
    const item = { __proto__: 1, 'a.b': [{ $x: null }], emoji: '🦉\u0000' };
    const all = [item, 'text', 0, null, false, [], [[1, 2], [3]]];
    const appended = history.append(ID, all);
    (all[5] as unknown[]).push('later');
    await appended;
    all[5] = [];
    expect(await history.items(ID)).toEqual(all);
    expect(await history.replaceSuffix(ID, all.slice(5), [{ at: new Date(0) }])).toBe(true);
    expect(await history.pop(ID)).toEqual({ at: '1970-01-01T00:00:00.000Z' });
  });

  test('that JSON cannot hold are refused, and nothing is changed', async () => {
    const { history } = make();
    await history.append(ID, [1]);
    const cycle: Session = {};
    cycle.cycle = cycle;
    for (const item of [undefined, () => {}, Symbol('x'), 1n, cycle]) {
      const refused = { code: 'INVALID_SESSION', outcome: 'not-applied' };
      await expect(history.append(ID, [2, item])).rejects.toMatchObject(refused);
      await expect(history.replaceSuffix(ID, [1], [item])).rejects.toMatchObject(refused);
    }
    expect(await history.items(ID)).toEqual([1]);
  });

  test('that are too large are refused, others of 16 KiB and more are not', async () => {
    const store = new MemorySessionStore(Infinity, { maxSessionBytes: 100_000 });
    const history = new History(store);
    const texts = [10, 20_000, 8000, 90_000, 10, 99_000].map((length) => 'x'.repeat(length));
    await history.append(ID, texts);
    for (const text of texts) await history.append(ID, [text]);
    await expect(history.append(ID, [1, 'x'.repeat(100_000)])).rejects.toMatchObject({
      code: 'TOO_LARGE',
      outcome: 'not-applied',
    });
    expect(await history.items(ID)).toEqual([...texts, ...texts]);
    for (const text of texts.toReversed()) expect(await history.pop(ID)).toBe(text);
    expect(await history.items(ID)).toEqual(texts);
  });

  test('stay apart from those of other ids, prefixes and tokens', async () => {
    const { store, history } = make();
    const other = new History(store, { prefix: 'other' });
    await history.append('a', numbers(0, 100));
    await history.append('a:b', ['ab']);
    await other.append('a', ['other']);
    await history.clear('a:b');
    expect(await history.items('a')).toEqual(numbers(0, 100));
    expect(await other.items('a')).toEqual(['other']);
    expect((await ids(store)).filter((id) => id.startsWith('other'))).toEqual(['other:a']);
    await history.clear('a');
    expect(await ids(store)).toEqual(['other:a']);
  });
});

describe('an operation', () => {
  test('is applied once, however late it is repeated, until the history is cleared', async () => {
    const { history } = make();
    const append = (n: number) => history.append(ID, [{ n }], { operationId: `operation ${n}` });
    for (let n = 0; n < 300; n++) {
      expect(await append(n)).toBe(1);
      expect(await append(n >> 1)).toBe(0);
    }
    for (let n = 0; n < 300; n++) expect(await append(n)).toBe(0);
    expect(await history.items(ID)).toEqual(numbers(0, 300));
    while ((await history.length(ID)) > 3) await history.pop(ID);
    for (let n = 0; n < 300; n++) expect(await append(n)).toBe(0);
    await history.clear(ID);
    expect(await append(3)).toBe(1);
    expect(await history.items(ID)).toEqual([{ n: 3 }]);
  });

  test('of each item leaves out those that are known', async () => {
    const { history } = make<{ n: number; uuid?: string }>();
    const items = Array.from({ length: LONG }, (_, n) => (n % 3 ? { n, uuid: `u${n}` } : { n }));
    const options = { operationId: (item: { uuid?: string }) => item.uuid };
    expect(await history.append(ID, items.slice(0, 300), options)).toBe(300);
    expect(await history.append(ID, items.slice(200, 500), options)).toBe(200 + 33);
    const found = await history.items(ID);
    expect(found).toEqual([
      ...items.slice(0, 300),
      ...items.slice(200, 300).filter(({ uuid }) => !uuid),
      ...items.slice(300, 500),
    ]);
    const named = items.filter(({ uuid }) => uuid);
    expect(await history.append(ID, [...named, ...named], options)).toBe(666 - 333);
    expect(await history.append(ID, named, options)).toBe(0);
  });

  test('has a name', async () => {
    const { history } = make();
    for (const operationId of ['', 7, '\ud800', null]) {
      const options = { operationId: operationId as string };
      await expect(history.append(ID, [1], options)).rejects.toThrow(TypeError);
      await expect(history.replaceSuffix(ID, [], [1], options)).rejects.toThrow(TypeError);
    }
    expect(await history.append(ID, [1], { operationId: 'x'.repeat(10_000) })).toBe(1);
    expect(await history.append(ID, [1], { operationId: 'x'.repeat(10_000) })).toBe(0);
    expect(await history.append(ID, [1], { operationId: '__proto__' })).toBe(1);
  });

  test('at once in two stores is applied once, and so are others', async () => {
    const records = new Map<string, string>();
    const two = [1, 2].map(() => new History(new DriverStore(new MapDriver(records))));
    const all = Array.from({ length: 100 }, (_, n) =>
      two.map((history) => history.append(ID, [n], { operationId: `${n}` })),
    );
    const counts = await Promise.all(all.map((pair) => Promise.all(pair)));
    expect(counts.map(([a = 0, b = 0]) => a + b)).toEqual(Array(100).fill(1));
    const [a, b] = await Promise.all(two.map((history) => history.items(ID)));
    expect(a).toEqual(b);
    expect(a?.toSorted((x, y) => Number(x) - Number(y))).toEqual([...Array(100).keys()]);
    expect(await two[0]?.verify()).toEqual({ histories: 1, removed: 0, damaged: [] });
  });
});

describe('the end', () => {
  test('is popped item by item', async () => {
    const { history, store } = make();
    await history.append(ID, numbers(0, LONG));
    for (let n = LONG - 1; n >= 0; n--) {
      expect(await history.pop(ID)).toEqual({ n });
      if (n % 100 === 0) expect(await history.items(ID)).toEqual(numbers(0, n));
    }
    expect(await history.pop(ID)).toBeUndefined();
    expect(await ids(store)).toEqual([`history:${ID}`]);
  });

  test('is replaced when it is what is expected', async () => {
    const { history } = make();
    for (const [drop, add] of [
      [0, 1000],
      [1000, 500],
      [1, 0],
      [64, 1],
      [300, 700],
    ] as const) {
      const before = (await history.items(ID)) as { n: number }[];
      const kept = before.slice(0, before.length - drop);
      const added = numbers(5000, 5000 + add);
      const operationId = `replace ${drop}`;
      const expected = before.slice(before.length - drop);
      const replace = () => history.replaceSuffix(ID, expected, added, { operationId });
      expect(await replace()).toBe(true);
      expect(await replace()).toBe(false);
      expect(await history.items(ID)).toEqual([...kept, ...added]);
    }
    expect((await history.verify()).damaged).toEqual([]);
  });

  test('is replaced once by a transaction, and not by another one of its name', async () => {
    const { history } = make();
    await history.append(ID, numbers(0, 3));
    const replace = (operationId: string, transaction?: string) =>
      history.replaceSuffix(ID, [], ['new'], { operationId, transaction });
    const conflict = { code: 'CONFLICT', outcome: 'not-applied' };
    expect(await replace('a', 'one')).toBe(true);
    expect(await replace('b')).toBe(true);
    for (let n = 0; n < 300; n += 299) {
      expect(await replace('a', 'one')).toBe(false);
      expect(await replace('a')).toBe(false);
      expect(await history.append(ID, ['again'], { operationId: 'a' })).toBe(0);
      await expect(replace('a', 'another')).rejects.toMatchObject(conflict);
      await expect(replace('b', 'another')).rejects.toMatchObject(conflict);
      // So that a marker is what knows them.
      for (let i = 0; i < 300; i++) await history.append(ID, [i], { operationId: `${i}` });
    }
    expect(await history.length(ID)).toBe(305);
  });

  test('that is not what is expected stays', async () => {
    const { history } = make();
    const conflict = { code: 'CONFLICT', outcome: 'not-applied' };
    await expect(history.replaceSuffix(ID, [1], [2])).rejects.toMatchObject(conflict);
    await history.append(ID, numbers(0, 100));
    for (const expected of [
      [1],
      [{ n: 98 }],
      [{ n: 99 }, { n: 98 }],
      numbers(-1, 100),
      [{ n: 99, m: 1 }],
    ]) {
      const replace = history.replaceSuffix(ID, expected, [], { operationId: 'x' });
      await expect(replace).rejects.toMatchObject(conflict);
    }
    expect(await history.items(ID)).toEqual(numbers(0, 100));
    expect(await history.replaceSuffix(ID, [{ n: 99 }], [], { operationId: 'x' })).toBe(true);
  });
});

describe('list', () => {
  test('tells ids, lengths and when items were last added or removed', async () => {
    let now = 1000;
    const { history } = make({ now: () => now });
    await history.append('user:1', numbers(0, 100));
    now = 2000;
    await history.append('user:2', numbers(0, 3));
    await history.append('other', [1]);
    now = 3000;
    await history.pop('user:2');
    await history.touch('user:1');
    await history.pop('other');
    const all = [
      ['user:1', { length: 100, changedAt: 1000 }],
      ['user:2', { length: 2, changedAt: 3000 }],
    ];
    expect((await listed(history)).toSorted()).toEqual(all);
    expect((await listed(history, 'user:2')).toSorted()).toEqual(all.slice(1));
    expect(await listed(history, 'x')).toEqual([]);
  });
});

describe('what is wrong', () => {
  test('options, ids and counts have clear errors', async () => {
    const { history, store } = make();
    expect(() => new History({} as MemorySessionStore)).toThrow(TypeError);
    expect(() => new History(store, { ttl: 5 } as HistoryOptions)).toThrow(/expiresIn, in minutes/);
    expect(() => new History(store, { expiresIn: 0 })).toThrow(RangeError);
    expect(() => new History(store, { prefix: 5 } as unknown as HistoryOptions)).toThrow(TypeError);
    for (const id of ['', 7, undefined]) {
      await expect(history.append(id as string, [1])).rejects.toMatchObject({ code: 'INVALID_ID' });
    }
    await expect(history.append('x'.repeat(1020), [1])).rejects.toMatchObject({
      code: 'INVALID_ID',
    });
    for (const limit of [-1, 1.5, Number.NaN]) {
      await expect(history.items(ID, { limit })).rejects.toThrow(RangeError);
      await expect(history.items(ID, { before: limit })).rejects.toThrow(RangeError);
    }
    await expect(history.items(ID, { limit: '5' as unknown as number })).rejects.toThrow(TypeError);
    await expect(listed(history, 5 as unknown as string)).rejects.toThrow(TypeError);
    expect(await ids(store)).toEqual([]);
  });

  test('one item in place of a list has a clear error, and so has a transaction without a name', async () => {
    const { history } = make();
    for (const item of [{ role: 'user' }, 'text', undefined]) {
      const one = item as unknown as unknown[];
      const calls = [
        () => history.append(ID, one),
        () => history.replaceSuffix(ID, one, []),
        () => history.replaceSuffix(ID, [], one),
      ];
      for (const call of calls)
        await expect(call()).rejects.toThrow(/^\w+ must be an array of items$/);
    }
    const unnamed = history.replaceSuffix(ID, [], [1], { transaction: 'one' });
    await expect(unnamed).rejects.toThrow('operationId must be text that is not empty');
    expect(await history.length(ID)).toBe(0);
  });

  test('a session that is no history is CORRUPT, and stays', async () => {
    const { history, store } = make();
    await store.write(`history:${ID}`, { mine: true });
    const corrupt = { code: 'CORRUPT' };
    await expect(history.items(ID)).rejects.toMatchObject(corrupt);
    await expect(history.append(ID, [1])).rejects.toMatchObject(corrupt);
    await expect(history.clear(ID)).rejects.toMatchObject(corrupt);
    expect(await listed(history)).toEqual([]);
    expect((await history.verify()).damaged).toEqual([{ id: ID, missing: [] }]);
    expect(await store.read(`history:${ID}`)).toEqual({ mine: true });
  });

  test('what is around a chunk that is gone can be read page by page', async () => {
    const all = numbers(0, 64 * 80);
    for (const gone of [[0], [1], [31], [0, 1, 2], [0, 31], [30, 31]]) {
      const { history, store } = make();
      await history.append(ID, all);
      const { token, chunks } = (await store.read(`history:${ID}`)) as Session;
      for (const n of gone) await store.destroy(`history.part:${token}.${chunks[n][1]}`);
      const isGone = (from: number) => gone.some((n) => chunks[n][0] === from);
      for (let from = 0; from < all.length; from += 64) {
        const page = history.items(ID, { limit: 64, before: from + 64 });
        if (isGone(from)) await expect(page).rejects.toMatchObject({ code: 'CORRUPT' });
        else expect(await page).toEqual(all.slice(from, from + 64));
      }
      const missing = gone.map((n) => [chunks[n][0], chunks[n][0] + 64]);
      expect((await history.verify()).damaged).toEqual([{ id: ID, missing }]);
    }
  });

  test('a chunk that is gone is CORRUPT where it is needed, and nowhere else', async () => {
    const { history, store } = make();
    const all = numbers(0, 64 * 80);
    await history.append(ID, all);
    const { token, chunks } = (await store.read(`history:${ID}`)) as Session;
    const [begin, name] = chunks[0];
    await store.destroy(`history.part:${token}.${name}`);
    const corrupt = { code: 'CORRUPT' };
    await expect(history.items(ID)).rejects.toMatchObject(corrupt);
    expect(await history.items(ID, { limit: 100 })).toEqual(all.slice(-100));
    const replaced = history.replaceSuffix(ID, all.slice(begin), []);
    await expect(replaced).rejects.toMatchObject(corrupt);
    const damaged = [{ id: ID, missing: [[begin, begin + 64]] }];
    expect(await history.verify()).toEqual({ histories: 1, removed: 0, damaged });
    expect(await history.append(ID, ['more'])).toBe(1);
    expect(await history.pop(ID)).toBe('more');
    await history.clear(ID);
    expect(await ids(store)).toEqual([]);
  });
});
