import { describe, expect, test } from '@jest/globals';
import { listed } from '../../../tooling/calls.ts';
import {
  type Driver,
  type DriverId,
  DriverStore,
  hashId,
  type ListOptions,
  type SessionRecord,
} from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

const record: SessionRecord = { session: '{"n":1}', expiresAt: null, etag: 'e', history: [] };

/** A store whose driver has some methods replaced. */
function storeOver(methods: Partial<Driver> = {}, options = {}) {
  const map = new MapDriver();
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  const store = new DriverStore(Object.assign(map, methods), { ...options, onWarning });
  return { map, store, warnings };
}

type List = (store: DriverStore, options?: ListOptions) => Promise<string[]>;

const listings: [string, List][] = [
  ['entries', async (store, options) => (await listed(store.entries(options))).map(([id]) => id)],
  ['versions', async (store, options) => (await listed(store.versions(options))).map(([id]) => id)],
  ['ids', (store, options) => listed(store.ids(options))],
  [
    'ids of a driver that lists them',
    async (store, options) => {
      const ids: string[] = [];
      for await (const [id] of store.entries()) ids.push(id);
      return listed(storeOver({ ids: () => ids }).store.ids(options));
    },
  ],
  [
    'clear',
    async (store, options) => {
      const before = (await listed(store.entries())).map(([id]) => id);
      const count = await store.clear(options);
      const after = new Set((await listed(store.entries())).map(([id]) => id));
      const gone = before.filter((id) => !after.has(id));
      expect(count).toBe(gone.length);
      return gone;
    },
  ],
];

test('all takes the options of a listing, and refuses others', async () => {
  const { store } = storeOver();
  for (const n of [1, 2, 10]) await store.write(`a${n}`, { n });
  expect(await store.all({ prefix: 'a1' })).toEqual([{ n: 1 }, { n: 10 }]);
  await expect(store.all({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  await expect(store.all({ prefx: 'a1' } as never)).rejects.toThrow(/prefx.*prefix/);
});

describe.each(listings)('%s', (_, list) => {
  test.each<[ListOptions | undefined, string[]]>([
    [undefined, ['a', 'ab', 'A', 'b', '__proto__', 'é']],
    [{}, ['a', 'ab', 'A', 'b', '__proto__', 'é']],
    [{ prefix: '' }, ['a', 'ab', 'A', 'b', '__proto__', 'é']],
    [{ prefix: 'a' }, ['a', 'ab']],
    [{ prefix: 'ab' }, ['ab']],
    [{ prefix: 'abc' }, []],
    [{ prefix: '__' }, ['__proto__']],
    [{ prefix: 'é' }, ['é']],
    [{ prefix: 'e' }, []],
    [{ prefix: '*' }, []],
  ])('with %p', async (options, ids) => {
    const { store } = storeOver();
    for (const id of ['a', 'ab', 'A', 'b', '__proto__', 'é']) await store.write(id, { n: 1 });
    expect(await list(store, options)).toEqual(ids);
  });
});

const methods: [string, (store: DriverStore, options: ListOptions) => Promise<unknown>][] = [
  ['entries', async (store, options) => store.entries(options).next()],
  ['versions', async (store, options) => store.versions(options).next()],
  ['ids', async (store, options) => store.ids(options).next()],
  ['clear', (store, options) => store.clear(options)],
];

describe.each(methods)('%s', (_, method) => {
  test.each([undefined, null, 5, /^a/, ['a'], '\ud83d', 'a\udc00'])(
    'refuses the prefix %p with a TypeError and asks the backend nothing',
    async (bad) => {
      const entries = () => {
        throw new Error('the backend was asked');
      };
      const { store } = storeOver({ entries, ids: entries });
      const call = method(store, { prefix: bad as string });
      await expect(call).rejects.toThrow(/prefix must/);
      await expect(method(store, { prefix: bad as string })).rejects.toThrow(TypeError);
    },
  );

  test('gives the driver the prefix, or none', async () => {
    const prefixes: string[] = [];
    const list = (prefix: string) => {
      prefixes.push(prefix);
      return [];
    };
    for (const driver of [{ entries: list }, { entries: list, ids: list }]) {
      prefixes.length = 0;
      const { store } = storeOver(driver);
      await method(store, { prefix: 'a:' });
      await method(store, {});
      expect(prefixes).toEqual(['a:', '']);
    }
  });

  test('with a signal that has aborted rejects with its reason and asks the backend nothing', async () => {
    const list = () => {
      throw new Error('the backend was asked');
    };
    const { store } = storeOver({ entries: list, ids: list });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(method(store, { signal })).rejects.toEqual(new Error('enough'));
  });
});

test('a record of another prefix that the driver gives is left out, and no warning about it', async () => {
  const { store, warnings } = storeOver({
    entries: () => [
      ['b', record],
      ['b', { ...record, etag: 5 } as never],
      ['a', record],
      ['a:bad', { ...record, etag: 5 } as never],
    ],
  });
  expect(await listed(store.entries({ prefix: 'a' }))).toEqual([['a', { n: 1 }]]);
  expect(warnings).toEqual([expect.objectContaining({ idHash: hashId('a:bad') })]);
});

test('an id that comes without a record is told as corrupt by every listing', async () => {
  const { store, warnings } = storeOver({ entries: () => [['a', null as never]] });
  const corrupt = expect.objectContaining({ code: 'CORRUPT', idHash: hashId('a') });
  expect(await listed(store.entries())).toEqual([]);
  expect(await listed(store.versions())).toEqual([]);
  expect(await listed(store.ids())).toEqual([]);
  expect(await store.clear()).toBe(0);
  expect(await store.prune()).toBe(0);
  expect(warnings).toEqual([corrupt, corrupt, corrupt, corrupt, corrupt]);
});

describe('ids', () => {
  test('come from the records without a driver that lists them: not expired, not corrupt', async () => {
    const clock = { now: 0 };
    const { map, store, warnings } = storeOver({}, { expiresIn: 1, now: () => clock.now });
    await store.write('old', {});
    clock.now = 60_000;
    await store.write('a', {});
    map.records.set('bad', '5');
    expect(await listed(store.ids())).toEqual(['a']);
    expect(warnings).toEqual([expect.objectContaining({ idHash: hashId('bad') })]);
  });

  test('come from the driver, which reads no session: without expired ones and other prefixes', async () => {
    const given: (DriverId | null)[] = [
      'a:alone',
      null,
      ['a:never', null],
      ['a:later', 1001],
      ['a:now', 1000],
      ['a:gone', 999],
      'b:other',
      ['b:other', null],
    ];
    const entries = () => {
      throw new Error('the records were listed');
    };
    for (const ids of [
      () => given,
      async function* () {
        yield* given;
      },
    ]) {
      const { store, warnings } = storeOver({ ids, entries }, { now: () => 1000 });
      expect(await listed(store.ids({ prefix: 'a:' }))).toEqual(['a:alone', 'a:never', 'a:later']);
      expect(await listed(store.ids())).toHaveLength(5);
      expect(warnings).toEqual([]);
    }
  });

  test('let the driver clean up when the loop is left, and stop by their signal', async () => {
    let open = 0;
    const ids = async function* (): AsyncGenerator<DriverId> {
      open++;
      try {
        for (let i = 0; ; i++) yield `id:${i}`;
      } finally {
        open--;
      }
    };
    const { store } = storeOver({ ids });
    for await (const _ of store.ids()) break;
    expect(open).toBe(0);
    const controller = new AbortController();
    const seen: string[] = [];
    const loop = (async () => {
      for await (const id of store.ids({ signal: controller.signal })) {
        if (seen.push(id) === 3) controller.abort(new Error('enough'));
      }
    })();
    await expect(loop).rejects.toThrow('enough');
    expect(seen).toEqual(['id:0', 'id:1', 'id:2']);
    expect(open).toBe(0);
  });

  test('reject when the driver fails or hangs, which is not the end of the list', async () => {
    const failing = storeOver({
      async *ids() {
        yield 'a';
        throw new Error('node down');
      },
    });
    await expect(listed(failing.store.ids())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
    });
    const hanging = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
    };
    const { store } = storeOver({ ids: () => hanging }, { timeout: 20 });
    await expect(listed(store.ids())).rejects.toMatchObject({
      code: 'TIMEOUT',
      outcome: 'not-applied',
    });
  });
});
