import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { listed } from '../../../tooling/calls.ts';
import { Backend } from '../src/backend.ts';
import { Deadline } from '../src/deadline.ts';
import { type Driver, hashId, SessionError, type SessionRecord } from '../src/index.ts';
import { inFakeTime } from './fake-time.ts';
import { MapDriver } from './map-driver.ts';

const record: SessionRecord = { session: '{}', expiresAt: null, etag: 'e', history: [] };
const never = <T>() => new Promise<T>(() => {});
const down = () => Promise.reject(new Error('down'));

function setup(methods: Partial<Driver> = {}, timeout = 1000) {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  const backend = new Backend(Object.assign(new MapDriver(), methods), timeout, warn);
  return { backend, warnings };
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const all = (backend: Backend) => listed(backend.records({}, (id) => id));

test('an error says which action failed', async () => {
  const { backend } = setup({
    get: down,
    put: down,
    delete: down,
    entries: () => {
      throw new Error('down');
    },
    prune: down,
    close: down,
  });
  const failures: [string, () => unknown][] = [
    ['get', () => backend.get('a', new Deadline(100))],
    ['put', () => backend.put('a', record, null, new Deadline(100))],
    ['delete', () => backend.delete('a', undefined, new Deadline(100))],
    ['list', () => all(backend)],
    ['prune', () => backend.prune(0)],
    ['close', () => backend.close()],
  ];
  for (const [action, call] of failures) {
    await expect(call()).rejects.toThrow(`the backend failed: ${action}`);
  }
  const unopened = setup({ open: down }).backend;
  await expect(unopened.ready(new Deadline(100))).rejects.toThrow('the backend failed: open');
});

test('what is asked of a closed store is CLOSED', async () => {
  const { backend } = setup();
  await backend.close();
  await expect(backend.get('a')).rejects.toMatchObject({
    code: 'CLOSED',
    message: 'the store is closed',
    idHash: hashId('a'),
  });
});

test('the driver is not asked when no time is left', async () => {
  const ask = () => {
    throw new Error('it was asked');
  };
  const { backend } = setup({ get: ask, put: ask });
  await backend.ready();
  const refused = expect.objectContaining({
    code: 'TIMEOUT',
    outcome: 'not-applied',
    idHash: hashId('a'),
    message: 'no time left to put',
  });
  for (const left of [0, -1]) {
    const put = async () => backend.put('a', record, null, new Deadline(left));
    await expect(put()).rejects.toEqual(refused);
  }
});

test('the driver is told how long it is waited for, in whole milliseconds', async () => {
  const told: number[] = [];
  const { backend } = setup({
    put: (_id, _record, _expected, timeout) => told.push(timeout) > 0,
  });
  await backend.ready();
  await backend.put('a', record, null, new Deadline(100.2));
  await backend.put('a', record, null, new Deadline(100), 30);
  await backend.put('a', record, null, new Deadline(100), 300);
  expect(told).toEqual([101, 30, 100]);
});

test(
  'what opening takes is taken from the time of the first call',
  inFakeTime(async () => {
    const { backend } = setup({ open: () => sleep(900) as Promise<void>, get: never });
    const start = performance.now();
    await expect(backend.get('a')).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(performance.now() - start).toBeLessThan(1010);
  }),
);

test(
  'what close waits for calls is taken from the time that closing has',
  inFakeTime(async () => {
    const { backend } = setup({ get: () => sleep(600).then(() => null), close: never<void> });
    await backend.ready();
    await sleep(300);
    const start = performance.now();
    const read = backend.get('a');
    await expect(backend.close()).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(performance.now() - start).toBeLessThan(1010);
    expect(performance.now() - start).toBeGreaterThan(990);
    expect(await read).toBeNull();
  }),
);

interface Call {
  readonly resolve: (found: null) => void;
  readonly reject: (error: Error) => void;
}
const late: [string, (call: Call) => void][] = [
  ['answer', ({ resolve }) => resolve(null)],
  ['error', ({ reject }) => reject(new Error('late'))],
];
for (const [what, settle] of late) {
  const afterAll = async () => {
    const events: string[] = [];
    const calls: Call[] = [];
    const get = () =>
      new Promise<null>((resolve, reject) => {
        calls.push({ resolve, reject });
      });
    const { backend } = setup({ get, close: () => void events.push('closed') });
    await backend.ready();
    const deadline = new Deadline(100);
    await expect(backend.get('a', deadline)).rejects.toMatchObject({ code: 'TIMEOUT' });
    const other = Promise.resolve(backend.get('b')).then(() => events.push('answered'));
    const close = backend.close();
    settle(calls[0] as Call);
    await sleep(500);
    expect(events).toEqual([]);
    calls[1]?.resolve(null);
    await Promise.all([other, close]);
    expect(events.sort()).toEqual(['answered', 'closed']);
  };
  test(`close waits for a call under way, though an ${what} came too late`, inFakeTime(afterAll));
}

describe('listing', () => {
  test('tells of whatever comes in place of a record, and throws what the reader throws', async () => {
    const entry = new SessionError('UNAVAILABLE', 'a shard is away');
    const { backend, warnings } = setup({ entries: () => [entry, ['a', record]] });
    expect(await all(backend)).toEqual(['a']);
    expect(warnings).toEqual([entry]);
    const mine = new Error('mine');
    const failing = backend.records({}, () => {
      throw mine;
    });
    await expect(listed(failing)).rejects.toBe(mine);
    expect(warnings).toHaveLength(2); // no more
  });

  test('waits for the driver to clean up when it is interrupted before the first step', async () => {
    const controller = new AbortController();
    let isClean = false;
    const steps: AsyncIterableIterator<[string, SessionRecord]> = {
      [Symbol.asyncIterator]: () => steps,
      next: async () => ({ done: false, value: ['a', record] }),
      async return() {
        await setImmediate();
        isClean = true;
        return { done: true, value: undefined };
      },
    };
    const { backend } = setup({
      entries() {
        controller.abort(new Error('enough'));
        return steps;
      },
    });
    const { signal } = controller;
    await expect(listed(backend.records({ signal }, (id) => id))).rejects.toThrow('enough');
    expect(isClean).toBe(true);
  });

  test(
    'does not wait for a driver to clean up that hangs',
    inFakeTime(async () => {
      const steps: AsyncIterableIterator<[string, SessionRecord]> = {
        [Symbol.asyncIterator]: () => steps,
        next: never,
        return: never,
      };
      const { backend } = setup({ entries: () => steps });
      const started = performance.now();
      await expect(all(backend)).rejects.toMatchObject({
        code: 'TIMEOUT',
        message: 'the backend did not answer in time: list',
      });
      expect(performance.now() - started).toBe(1000);
    }),
  );

  test(
    'gives each step the whole time',
    inFakeTime(async () => {
      const { backend } = setup({
        async *entries() {
          for (const id of ['a', 'b', 'c']) {
            await sleep(900);
            yield [id, record] as const;
          }
        },
      });
      expect(await all(backend)).toEqual(['a', 'b', 'c']);
    }),
  );

  test(
    'that is left tells when the driver fails to clean up',
    inFakeTime(async () => {
      const steps: AsyncIterableIterator<[string, SessionRecord]> = {
        [Symbol.asyncIterator]: () => steps,
        next: async () => ({ done: false, value: ['a', record] }),
        return: down,
      };
      const { backend } = setup({ entries: () => steps });
      const left = (async () => {
        for await (const _ of backend.records({}, (id) => id)) break;
      })();
      await expect(left).rejects.toThrow('the backend failed: list');
    }),
  );
});

describe('closing', () => {
  test(
    'gives the driver what is left of the time',
    inFakeTime(async () => {
      const { backend } = setup({ close: () => sleep(900).then(() => {}) });
      await backend.ready();
      await backend.close();
      const slow = setup({ close: () => sleep(1001).then(() => {}) }).backend;
      await slow.ready();
      await expect(slow.close()).rejects.toMatchObject({
        code: 'TIMEOUT',
        message: 'the backend did not answer in time: close',
      });
    }),
  );

  test(
    'gives the driver a moment also when calls under way took all of the time',
    inFakeTime(async () => {
      let isClosed = false;
      const { backend } = setup({
        get: never,
        close: async () => {
          await sleep(49);
          isClosed = true;
        },
      });
      await backend.ready();
      const read = Promise.allSettled([backend.get('a')]);
      await backend.close();
      expect(isClosed).toBe(true);
      expect(await read).toMatchObject([{ reason: { code: 'TIMEOUT' } }]);
    }),
  );
});

describe('pruning', () => {
  test('is told to be impossible by undefined, and an empty answer is none', async () => {
    expect(setup().backend.prune(5)).toBeUndefined();
    const asked: number[][] = [];
    const { backend } = setup({
      prune(...args) {
        asked.push(args);
        return undefined as never;
      },
    });
    await backend.ready();
    expect(await backend.prune(5)).toBe(0);
    expect(asked).toEqual([[5, 1000]]);
  });
});
