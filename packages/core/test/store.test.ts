import { inspect } from 'node:util';
import { describe, expect, jest, test } from '@jest/globals';
import {
  type Driver,
  type DriverEntry,
  DriverStore,
  hashId,
  isSessionError,
  SessionError,
  type SessionRecord,
  type StoreOptions,
} from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

const operations: [string, (store: DriverStore, id: string) => Promise<unknown>][] = [
  ['read', (store, id) => store.read(id)],
  ['write', (store, id) => store.write(id, {})],
  ['destroy', (store, id) => store.destroy(id)],
  ['update', (store, id) => store.update(id, () => ({}))],
  ['touch', (store, id) => store.touch(id)],
  ['all', (store) => store.all()],
  ['entries', (store) => store.entries().next()],
  ['prune', (store) => store.prune()],
];
const withId = operations.slice(0, 5);

const never = <T>() => new Promise<T>(() => {});

/** A store whose driver has some methods replaced. */
function storeOver(methods: Partial<Driver>, options?: StoreOptions): DriverStore {
  return new DriverStore(Object.assign(new MapDriver(), methods), options);
}

async function failure(promise: Promise<unknown>): Promise<SessionError> {
  try {
    await promise;
  } catch (error) {
    return error as SessionError;
  }
  throw new Error('it did not reject');
}

describe.each(withId)('%s', (_, operation) => {
  test.each<[string, unknown]>([
    ['an empty id', ''],
    ['a number', 5],
    ['an object', { $ne: null }],
    ['undefined', undefined],
    ['an id of 1,025 bytes', 'x'.repeat(1025)],
    ['an id of 1,026 bytes in few characters', '€'.repeat(342)],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
  ])('rejects %s with INVALID_ID and asks the backend nothing', async (_, id) => {
    const ask = () => {
      throw new Error('the backend was asked');
    };
    const store = storeOver({ open: ask, get: ask, put: ask, delete: ask });
    const error = await failure(operation(store, id as string));
    expect(error).toMatchObject({ code: 'INVALID_ID', outcome: 'not-applied', idHash: undefined });
  });

  test('takes an id of 1,024 bytes', async () => {
    await operation(storeOver({}), `${'€'.repeat(341)}x`);
  });

  test('names the id in errors by its hash alone', async () => {
    const fail = () => Promise.reject(new Error('down'));
    const id = 'telegram:4242424242';
    const error = await failure(
      operation(storeOver({ get: fail, put: fail, delete: fail }, { timeout: 40 }), id),
    );
    expect(error).toMatchObject({ name: 'SessionError', code: 'UNAVAILABLE', idHash: hashId(id) });
    expect(error.cause).toEqual(new Error('down'));
    expect(inspect(error)).not.toContain('4242424242');
    expect(isSessionError(error)).toBe(true);
    expect(isSessionError(error, 'UNAVAILABLE')).toBe(true);
    expect(isSessionError(error, 'CORRUPT')).toBe(false);
  });
});

test('isSessionError takes anything', () => {
  for (const value of [null, undefined, 5, 'x', {}, new Error('SessionError')]) {
    expect(isSessionError(value)).toBe(false);
  }
});

describe.each(operations)('%s', (name, operation) => {
  const changes = ['write', 'destroy'].includes(name);

  test('settles within the timeout when the backend never answers', async () => {
    const entries = () => ({
      [Symbol.asyncIterator]: () => ({ next: never<IteratorResult<DriverEntry>> }),
    });
    const store = storeOver({ get: never, put: never, delete: never, entries }, { timeout: 30 });
    const started = performance.now();
    const error = await failure(operation(store, 'a'));
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: changes ? 'unknown' : 'not-applied' });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('passes on what the backend throws as UNAVAILABLE', async () => {
    const fail = () => {
      throw new Error('down');
    };
    const store = storeOver({ get: fail, put: fail, delete: fail, entries: fail }, { timeout: 30 });
    const error = await failure(operation(store, 'a'));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      outcome: changes ? 'unknown' : 'not-applied',
    });
  });

  test('opens the driver first, once', async () => {
    const open = jest.fn(async () => {});
    const store = storeOver({ open });
    await operation(store, 'a');
    await operation(store, 'a');
    expect(open).toHaveBeenCalledTimes(1);
  });

  test('rejects when the driver cannot be opened, and tries again the next time', async () => {
    let down = true;
    const store = storeOver({
      async open() {
        if (down) throw new Error('refused');
      },
    });
    expect(await failure(operation(store, 'a'))).toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
      idHash: ['all', 'entries', 'prune'].includes(name) ? undefined : hashId('a'),
    });
    down = false;
    await operation(store, 'a');
  });

  test('rejects with CLOSED after close', async () => {
    const store = storeOver({});
    await store.init();
    await store.close();
    expect(await failure(operation(store, 'a'))).toMatchObject({
      code: 'CLOSED',
      outcome: 'not-applied',
    });
  });
});

describe('life cycle', () => {
  test('a driver whose open throws at once is opened again', async () => {
    let attempts = 0;
    const open = () => {
      if (++attempts === 1) throw new Error('refused');
    };
    const store = storeOver({ open });
    await expect(store.init()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await store.init()).toBe(store);
    expect(attempts).toBe(2);
  });

  test('init resolves with the store, twice, at once, and again after it failed', async () => {
    let attempts = 0;
    const open = async () => {
      if (++attempts === 1) throw new Error('refused');
    };
    const store = storeOver({ open });
    await expect(store.init()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await Promise.all([store.init(), store.init()])).toEqual([store, store]);
    expect(await store.init()).toBe(store);
    expect(attempts).toBe(2);
  });

  test('init settles in time when the driver hangs, and succeeds once it opened after all', async () => {
    let finish = () => {};
    const open = jest.fn(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const store = storeOver({ open }, { timeout: 30 });
    await expect(store.init()).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'not-applied' });
    const second = store.init();
    finish();
    expect(await second).toBe(store);
    expect(open).toHaveBeenCalledTimes(1);
  });

  test('what the driver warns of while it opens goes to onWarning', async () => {
    const warnings: Error[] = [];
    const store = storeOver(
      { open: (_, warn) => warn(new Error('evicts')) },
      { onWarning: (warning) => warnings.push(warning) },
    );
    await store.init();
    expect(warnings).toEqual([new Error('evicts')]);
  });

  test('close may be called twice, before init, and closes the driver once', async () => {
    const close = jest.fn(async () => {});
    const store = storeOver({ close });
    await store.init();
    await Promise.all([store.close(), store.close()]);
    await store.close();
    expect(close).toHaveBeenCalledTimes(1);
    const unopened = storeOver({ close });
    await unopened.close();
    expect(close).toHaveBeenCalledTimes(1);
    await expect(unopened.init()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('`await using` closes the store', async () => {
    const close = jest.fn<() => void>();
    const store = storeOver({ close });
    await store.init();
    await store[Symbol.asyncDispose]();
    expect(close).toHaveBeenCalledTimes(1);
  });

  test('close waits for the calls under way', async () => {
    const events: string[] = [];
    let answer = () => {};
    const store = storeOver({
      get: () =>
        new Promise((resolve) => {
          answer = () => {
            events.push('answered');
            resolve(null);
          };
        }),
      close: () => {
        events.push('closed');
      },
    });
    await store.init();
    const read = store.read('a');
    const closed = store.close();
    await new Promise(setImmediate);
    answer();
    expect(await read).toBeNull();
    await closed;
    expect(events).toEqual(['answered', 'closed']);
  });

  test('close settles in time when the backend hangs', async () => {
    const store = storeOver({ get: never, close: never }, { timeout: 30 });
    await store.init();
    const read = failure(store.read('a'));
    await expect(store.close()).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await read).toMatchObject({ code: 'TIMEOUT' });
  });

  test('a driver that opens after the store was closed is closed again', async () => {
    let finish = () => {};
    let wasClosed = () => {};
    const closed = new Promise<void>((resolve) => {
      wasClosed = resolve;
    });
    const store = storeOver(
      {
        open: () =>
          new Promise((resolve) => {
            finish = resolve;
          }),
        close: () => wasClosed(),
      },
      { timeout: 30 },
    );
    await expect(store.init()).rejects.toMatchObject({ code: 'TIMEOUT' });
    await store.close();
    finish();
    await closed;
  });

  test('a call under way when the store closes does not start another command', async () => {
    const store = storeOver({});
    await store.init();
    const update = store.update('a', async () => {
      await store.close();
      return {};
    });
    await expect(update).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
  });
});

describe('a late answer', () => {
  test('that is an error is no unhandled rejection', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    let reject = (_: Error) => {};
    const store = storeOver(
      {
        get: () =>
          new Promise((_, no) => {
            reject = no;
          }),
      },
      { timeout: 20 },
    );
    await expect(store.read('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    reject(new Error('late'));
    await new Promise(setImmediate);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

test('a SessionError of the driver passes as it is, with the hash of the id', async () => {
  const error = Object.assign(new Error('full'), {
    name: 'SessionError',
    code: 'TOO_LARGE',
    outcome: 'not-applied',
  });
  const store = storeOver({ put: () => Promise.reject(error) });
  await expect(store.write('a', {})).rejects.toBe(error);
  expect(error).toMatchObject({ idHash: hashId('a') });
});

describe('a corrupt record', () => {
  const good: SessionRecord = { session: '{}', expiresAt: null, etag: 'e', history: [] };

  const bad: [string, unknown][] = [
    ['undefined', undefined],
    ['text', 'text'],
    ['no session', { ...good, session: undefined }],
    ['a session that is an array', { ...good, session: '[]' }],
    ['a session that is null', { ...good, session: 'null' }],
    ['a session that is cut off', { ...good, session: '{"a":' }],
    ['a session that is no text', { ...good, session: { a: 1 } }],
    ['no etag', { ...good, etag: undefined }],
    ['no history', { ...good, history: undefined }],
    ['a moment that is no number', { ...good, expiresAt: '5' }],
    ['NaN as moment', { ...good, expiresAt: Number.NaN }],
  ];

  test.each(bad)('(%s) is never read as "no session"', async (_, record) => {
    const store = storeOver({ get: () => record as SessionRecord });
    const corrupt = expect.objectContaining({ code: 'CORRUPT', idHash: hashId('a') });
    await expect(store.read('a')).rejects.toEqual(corrupt);
    await expect(store.update('a', () => ({}))).rejects.toEqual(corrupt);
    await expect(store.touch('a')).rejects.toEqual(corrupt);
  });

  test('does not stop entries, all or prune, which tell onWarning', async () => {
    const warnings: Error[] = [];
    const unreadable = new SessionError('CORRUPT', 'flipped bit', { id: 'x' });
    const strange = new Error('no SessionError');
    const store = storeOver(
      {
        *entries() {
          yield null; // nothing yet
          yield unreadable;
          yield strange as SessionError;
          yield ['bad', { ...good, etag: 5 } as unknown as SessionRecord];
          yield ['deep', { ...good, session: '[]' }];
          yield ['good', { ...good, session: '{"n":1}' }];
        },
      },
      { onWarning: (warning) => warnings.push(warning) },
    );
    expect(await store.all()).toEqual([{ n: 1 }]);
    expect(warnings).toEqual([
      unreadable,
      expect.objectContaining({ code: 'CORRUPT', cause: strange }),
      expect.objectContaining({ code: 'CORRUPT', idHash: hashId('bad') }),
      expect.objectContaining({ code: 'CORRUPT', idHash: hashId('deep') }),
    ]);
    expect(await store.prune()).toBe(0);
  });

  test('is told to process.emitWarning by default', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const store = storeOver({
      *entries() {
        yield new SessionError('CORRUPT', 'flipped bit', { id: 'a' });
        yield new SessionError('CORRUPT', 'no hash');
        throw new Error('over');
      },
      open: (_, warn) => warn(new Error('no code')),
    });
    await expect(store.all()).rejects.toThrow();
    const calls = emitWarning.mock.calls as unknown[][];
    emitWarning.mockRestore();
    expect(calls).toStrictEqual([
      ['no code', { type: 'SessionWarning' }],
      [
        'flipped bit',
        {
          type: 'SessionWarning',
          code: 'CORRUPT',
          detail: expect.stringContaining(hashId('a')),
        },
      ],
      ['no hash', { type: 'SessionWarning', code: 'CORRUPT' }],
    ]);
  });
});

describe('entries', () => {
  const record: SessionRecord = { session: '{"n":1}', expiresAt: null, etag: 'e', history: [] };

  test('gives ids with sessions', async () => {
    const store = storeOver({});
    await store.write('a', { n: 1 });
    await store.write('b', { n: 2 });
    const entries: unknown[] = [];
    for await (const entry of store.entries()) entries.push(entry);
    expect(entries).toEqual([
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ]);
  });

  test('lets the driver clean up when the loop is left, and when it is interrupted', async () => {
    let open = 0;
    const store = storeOver({
      async *entries(): AsyncGenerator<DriverEntry> {
        open++;
        try {
          for (let i = 0; ; i++) yield [`id:${i}`, record];
        } finally {
          open--;
        }
      },
    });
    for await (const _ of store.entries()) break;
    expect(open).toBe(0);

    const controller = new AbortController();
    const seen: string[] = [];
    const loop = (async () => {
      for await (const [id] of store.entries({ signal: controller.signal })) {
        seen.push(id);
        if (seen.length === 3) controller.abort(new Error('enough'));
      }
    })();
    await expect(loop).rejects.toThrow('enough');
    expect(seen).toHaveLength(3);
    expect(open).toBe(0);
    await expect(store.prune({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  test('settles in time when the driver hangs as the loop is left', async () => {
    const store = storeOver(
      {
        async *entries(): AsyncGenerator<DriverEntry> {
          try {
            yield ['a', record];
          } finally {
            await never();
          }
        },
      },
      { timeout: 30 },
    );
    const loop = (async () => {
      for await (const _ of store.entries()) break;
    })();
    await expect(loop).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('rejects with the reason of its signal also when the driver hangs then', async () => {
    const hanging: AsyncIterableIterator<DriverEntry> = {
      [Symbol.asyncIterator]: () => hanging,
      next: async () => ({ done: false, value: ['a', record] }),
      return: never,
    };
    const store = storeOver({ entries: () => hanging }, { timeout: 30 });
    const controller = new AbortController();
    const loop = (async () => {
      for await (const _ of store.entries({ signal: controller.signal })) {
        controller.abort(new Error('enough'));
      }
    })();
    await expect(loop).rejects.toThrow('enough');
  });

  test('lets the driver clean up when it answers after all, and when the store is closed', async () => {
    let open = 0;
    let answer: () => void = () => {};
    const late = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const store = storeOver(
      {
        async *entries(): AsyncGenerator<DriverEntry> {
          open++;
          try {
            yield ['a', record];
            await late;
            yield ['b', record];
          } finally {
            open--;
          }
        },
      },
      { timeout: 30 },
    );
    await expect(store.all()).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(open).toBe(1);
    answer();
    await new Promise(setImmediate);
    expect(open).toBe(0);

    for await (const _ of store.entries()) {
      await store.close();
      break;
    }
    expect(open).toBe(0);
  });

  test('rejects when the backend fails midway, instead of ending early', async () => {
    const store = storeOver({
      async *entries(): AsyncGenerator<DriverEntry> {
        yield ['a', record];
        throw new Error('node down');
      },
    });
    await expect(store.all()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

test('a driver that refuses without a condition is not taken for success', async () => {
  const refuses = storeOver({ put: () => false, delete: () => undefined as never });
  const refused = expect.objectContaining({ code: 'UNAVAILABLE', outcome: 'unknown' });
  await expect(refuses.write('a', {})).rejects.toEqual(refused);
  await expect(refuses.destroy('a')).rejects.toEqual(refused);
});

test('capabilities are those of the driver', () => {
  expect(new DriverStore(new MapDriver()).capabilities).toEqual({
    compareAndSet: 'process',
    survives: 'nothing',
  });
});
