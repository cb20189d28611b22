import { describe, expect, jest, test } from '@jest/globals';
import { type Driver, DriverStore, HISTORY_LENGTH, type SessionRecord } from '../src/index.ts';
import { inFakeTime } from './fake-time.ts';
import { lost, type Put, type Remove, sequence } from './faults.ts';
import { MapDriver } from './map-driver.ts';

const increment = (session: { n: number } | null) => ({ n: (session?.n ?? 0) + 1 });

/** A store on a map, and a driver whose `put` can be replaced by one that misbehaves. */
function setup(options = {}) {
  const map = new MapDriver();
  const driver: Driver = map;
  const put: Put = driver.put.bind(driver);
  const store = new DriverStore<{ n: number }>(driver, options);
  const other = new DriverStore<{ n: number }>(new MapDriver(map.records));
  return { map, driver, put, store, other };
}

test('a thousand updates at once are each applied exactly once', async () => {
  const { store } = setup();
  await Promise.all(Array.from({ length: 1000 }, () => store.update('a', increment)));
  expect(await store.read('a')).toEqual({ n: 1000 });
});

test('updates by several stores on one backend are each applied exactly once', async () => {
  const { map } = setup();
  const stores = Array.from(
    { length: 8 },
    () => new DriverStore<{ n: number }>(new MapDriver(map.records)),
  );
  await Promise.all(Array.from({ length: 400 }, (_, i) => stores[i % 8]?.update('a', increment)));
  expect(await stores[0]?.read('a')).toEqual({ n: 400 });
});

test('update resolves with what it stored, and null destroys', async () => {
  const { store } = setup();
  expect(await store.update('a', increment)).toEqual({ n: 1 });
  expect(await store.update('a', () => null)).toBeNull();
  expect(await store.read('a')).toBeNull();
  expect(await store.update('a', () => null)).toBeNull();
  expect(await store.update('a', async (session) => increment(session))).toEqual({ n: 1 });
});

test('a change may return anything with a then, one that answers nothing itself too', async () => {
  const { store } = setup();
  // biome-ignore lint/suspicious/noThenProperty: as said
  const thenable = { then: (resolve: (session: { n: number }) => void) => void resolve({ n: 5 }) };
  expect(await store.update('a', () => thenable as never)).toEqual({ n: 5 });
  expect(await store.read('a')).toEqual({ n: 5 });
});

test.each([false, 0, '', Number.NaN])('a change that returns %p changes nothing', async (value) => {
  const { store } = setup();
  await store.write('a', { n: 1 });
  const update = store.update('a', () => value as never);
  await expect(update).rejects.toMatchObject({ code: 'INVALID_SESSION' });
  expect(await store.read('a')).toEqual({ n: 1 });
});

test('of two that take and destroy a session at once, one finds nothing', async () => {
  const { store, other } = setup();
  await store.write('a', { n: 1 });
  const taken = [store, other].map(async (each) => {
    let last: unknown;
    await each.update('a', (session) => {
      last = session;
      return null;
    });
    return last;
  });
  expect((await Promise.all(taken)).filter(Boolean)).toEqual([{ n: 1 }]);
});

test(
  'those who waited behind a slow change have their time when they are let go',
  inFakeTime(async () => {
    const map = new MapDriver();
    const slowly = async <T>(value: T) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return value;
    };
    const driver: Driver = Object.assign(Object.create(map), {
      get: async (id: string) => slowly(await map.get(id)),
      put: async (...args: Parameters<Put>) => slowly(await map.put(args[0], args[1], args[2])),
    });
    const store = new DriverStore<{ n: number }>(driver, { timeout: 1000 });
    const slow = store.update('a', async (session) => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return increment(session);
    });
    const calls = [slow, ...Array.from({ length: 40 }, () => store.update('a', increment))];
    await Promise.all(calls);
    expect(await store.read('a')).toEqual({ n: 41 });
  }),
);

test('a change that throws or returns undefined changes nothing', async () => {
  const { map, store } = setup();
  await store.write('a', { n: 1 });
  const before = map.records.get('a');
  const error = new Error('mine');
  await expect(
    store.update('a', () => {
      throw error;
    }),
  ).rejects.toBe(error);
  await expect(store.update('a', () => Promise.reject(error))).rejects.toBe(error);
  await expect(store.update('a', () => undefined as never)).rejects.toThrow(TypeError);
  await expect(store.update('a', 5 as never)).rejects.toThrow(TypeError);
  expect(map.records.get('a')).toBe(before);
});

test('what change does to its argument after it threw changes nothing', async () => {
  const { store } = setup();
  await store.write('a', { n: 1 });
  const bad = store.update('a', (session) => {
    (session as { n: number }).n = 5;
    throw lost();
  });
  await expect(bad).rejects.toEqual(lost());
  expect(await store.read('a')).toEqual({ n: 1 });
});

test('on conflict change runs again with the fresh session', async () => {
  const { store, other } = setup();
  await store.write('a', { n: 1 });
  const seen: unknown[] = [];
  await store.update('a', async (session) => {
    seen.push(session);
    if (seen.length === 1) await other.write('a', { n: 10 });
    return increment(session);
  });
  expect(seen).toEqual([{ n: 1 }, { n: 10 }]);
  expect(await store.read('a')).toEqual({ n: 11 });
});

test('creating, destroying and touching meet conflicts too', async () => {
  const { store, other } = setup();
  let runs = 0;
  await store.update('created', async (session) => {
    if (runs++ === 0) await other.write('created', { n: 10 });
    return increment(session);
  });
  expect(await store.read('created')).toEqual({ n: 11 });

  runs = 0;
  await store.write('destroyed', { n: 1 });
  await store.update('destroyed', async (session) => {
    if (runs++ === 0) await other.write('destroyed', { n: 10 });
    return session?.n === 10 ? session : null;
  });
  expect(await store.read('destroyed')).toEqual({ n: 10 });
});

test('an update that was applied, on a backend that goes on showing what was before, is unknown', async () => {
  const { driver, put, store } = setup({ timeout: 100 });
  await store.write('a', { n: 1 });
  const old = await driver.get('a', 100);
  driver.get = async () => old;
  driver.put = sequence<Parameters<Put>, ReturnType<Put>>(
    [
      async (...args) => {
        await put(...args);
        throw lost();
      },
    ],
    async () => false,
  );
  await expect(store.update('a', increment)).rejects.toMatchObject({ outcome: 'unknown' });
});

test(
  'update rejects with CONFLICT when others are always faster, and nothing was changed',
  inFakeTime(async () => {
    const { store, other } = setup({ timeout: 60 });
    let n = 100;
    const update = store.update('a', async (session) => {
      await other.write('a', { n: n++ });
      return increment(session);
    });
    await expect(update).rejects.toMatchObject({ code: 'CONFLICT', outcome: 'not-applied' });
    expect(await store.read('a')).toEqual({ n: n - 1 });
  }),
);

test(
  'an update inside an update of the same id does not hang',
  inFakeTime(async () => {
    const { store } = setup({ timeout: 500 });
    let once = true;
    await store.update('a', async (session) => {
      if (once) {
        once = false;
        await store.update('a', increment);
      }
      return increment(session);
    });
    expect(await store.read('a')).toEqual({ n: 2 });
  }),
);

test(
  'a slow change holds up neither the budget of those behind it nor other ids',
  inFakeTime(async () => {
    const { store } = setup({ timeout: 500 });
    let finish = () => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow = store.update('a', async (session) => {
      await gate;
      return increment(session);
    });
    const behind = store.update('a', increment);
    expect(await store.update('b', increment)).toEqual({ n: 1 });
    expect(await behind).toEqual({ n: 1 }); // out of turn, after its patience
    finish();
    expect(await slow).toEqual({ n: 2 });
  }),
);

test(
  'those who wait behind a frozen call settle in time as well',
  inFakeTime(async () => {
    const { driver, store } = setup({ timeout: 100 });
    await store.init();
    driver.get = () => new Promise(() => {});
    const started = performance.now();
    const updates = await Promise.allSettled(
      Array.from({ length: 50 }, () => store.update('a', increment)),
    );
    expect(performance.now() - started).toBeLessThanOrEqual(200);
    for (const { reason } of updates as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'TIMEOUT', outcome: 'not-applied' });
    }
  }),
);

describe('an update whose answer is lost is applied exactly once when the command', () => {
  test.each<[string, (put: Put) => Put]>([
    [
      'was applied',
      (put) =>
        async (...args) => {
          await put(...args);
          throw lost();
        },
    ],
    ['was not applied', () => () => Promise.reject(lost())],
    [
      'was not sent',
      () => () => {
        throw lost();
      },
    ],
    [
      'was applied twice',
      (put) =>
        async (...args) => {
          await put(...args);
          await put(...args);
          throw lost();
        },
    ],
  ])('%s', async (_, fault) => {
    const { driver, put, store } = setup();
    driver.put = sequence([fault(put), fault(put)], put);
    expect(await store.update('a', increment)).toEqual({ n: 1 });
    driver.put = sequence([fault(put)], put);
    expect(await store.update('a', increment)).toEqual({ n: 2 });
    expect(await store.read('a')).toEqual({ n: 2 });
  });

  test(
    'was applied, and its answer never comes',
    inFakeTime(async () => {
      const { driver, put, store } = setup({ timeout: 3000 });
      const swallowed: Put = async (...args) => {
        await put(...args);
        return new Promise<boolean>(() => {});
      };
      driver.put = sequence([swallowed], put);
      expect(await store.update('a', increment)).toEqual({ n: 1 });
      expect(await store.read('a')).toEqual({ n: 1 });
    }),
  );

  test('was applied, and reports a conflict on being sent again', async () => {
    const { driver, put, store } = setup();
    const applied: Put = async (...args) => {
      await put(...args);
      throw lost();
    };
    driver.put = sequence([applied, async () => false], put);
    expect(await store.update('a', increment)).toEqual({ n: 1 });
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('was applied, and somebody else changed the session since', async () => {
    const { driver, put, store, other } = setup();
    driver.put = sequence<Parameters<Put>, ReturnType<Put>>(
      [
        async (...args) => {
          await put(...args);
          await other.update('a', increment);
          throw lost();
        },
      ],
      put,
    );
    await store.update('a', increment);
    expect(await store.read('a')).toEqual({ n: 2 });
  });

  test('was not applied, and somebody else changed the session since', async () => {
    const { driver, put, store, other } = setup();
    await store.write('a', { n: 1 });
    driver.put = sequence<Parameters<Put>, ReturnType<Put>>(
      [
        async () => {
          await other.update('a', increment);
          throw lost();
        },
      ],
      put,
    );
    await store.update('a', increment);
    expect(await store.read('a')).toEqual({ n: 3 });
  });
});

test('a creation that was lost before somebody else created the session is made again on top', async () => {
  const { driver, put, store, other } = setup();
  driver.put = sequence<Parameters<Put>, ReturnType<Put>>(
    [
      async () => {
        await other.write('a', { n: 5 });
        throw lost();
      },
    ],
    put,
  );
  expect(await store.update('a', increment)).toEqual({ n: 6 });
});

describe('an update that destroys, with its answer lost,', () => {
  test('has come true when the session is gone', async () => {
    const { driver, store } = setup();
    await store.write('a', { n: 1 });
    const remove = driver.delete.bind(driver);
    driver.delete = sequence<Parameters<Remove>, ReturnType<Remove>>(
      [
        async (...args) => {
          await remove(...args);
          throw lost();
        },
      ],
      remove,
    );
    expect(await store.update('a', () => null)).toBeNull();
    expect(await store.read('a')).toBeNull();
  });

  test('leaves a session alone that was created since', async () => {
    const { driver, store, other } = setup();
    await store.write('a', { n: 1 });
    const remove = driver.delete.bind(driver);
    driver.delete = sequence<Parameters<Remove>, ReturnType<Remove>>(
      [
        async (...args) => {
          await remove(...args);
          await other.write('a', { n: 5 });
          throw lost();
        },
      ],
      remove,
    );
    expect(await store.update('a', () => null)).toBeNull();
    expect(await store.read('a')).toEqual({ n: 5 });
  });
});

describe('an outcome that cannot be found out is told as unknown', () => {
  test('when others have destroyed the session before it could be seen', async () => {
    const { driver, put, store, other } = setup();
    await store.write('a', { n: 1 });
    driver.put = sequence<Parameters<Put>, ReturnType<Put>>(
      [
        async (...args) => {
          await put(...args);
          expect(await other.update('a', () => null)).toBeNull(); // has used what it made
          throw lost();
        },
      ],
      put,
    );
    await expect(store.update('a', increment)).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await store.read('a')).toBeNull();
  });

  test(
    'when the backend stays away',
    inFakeTime(async () => {
      const { driver, store } = setup({ timeout: 60 });
      driver.put = () => Promise.reject(lost());
      await expect(store.update('a', increment)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        outcome: 'unknown',
        cause: lost(),
      });
    }),
  );

  test(
    'when nobody answers, within the timeout',
    inFakeTime(async () => {
      const { driver, store } = setup({ timeout: 60 });
      driver.put = () => new Promise(() => {});
      await expect(store.update('a', increment)).rejects.toMatchObject({
        code: 'TIMEOUT',
        outcome: 'unknown',
      });
    }),
  );

  test(
    'when reading back fails',
    inFakeTime(async () => {
      const { driver, store } = setup({ timeout: 60 });
      const get = driver.get.bind(driver);
      driver.put = sequence<Parameters<Put>, ReturnType<Put>>(
        [() => Promise.reject(lost())],
        async () => false,
      );
      driver.get = sequence([get], () => Promise.reject(new Error('down')));
      await expect(store.update('a', increment)).rejects.toMatchObject({
        outcome: 'unknown',
        cause: lost(),
      });
    }),
  );

  test('but is found out when reading back fails only for a while', async () => {
    const { driver, put, store } = setup();
    const get = driver.get.bind(driver);
    const down = () => Promise.reject(new Error('down'));
    const applied: Put = async (...args) => {
      await put(...args);
      throw lost();
    };
    driver.put = sequence([applied, async () => false], put);
    driver.get = sequence([get, down, down], get);
    expect(await store.update('a', increment)).toEqual({ n: 1 });
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('when so many others wrote since that the history is too short', async () => {
    const { driver, put, store, other } = setup();
    await store.write('a', { n: 1 });
    driver.put = sequence<Parameters<Put>, ReturnType<Put>>(
      [
        async () => {
          for (let i = 0; i <= HISTORY_LENGTH; i++) await other.update('a', increment);
          throw lost();
        },
      ],
      put,
    );
    await expect(store.update('a', increment)).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await store.read('a')).toEqual({ n: 2 + HISTORY_LENGTH });
  });

  test('when the store is closed meanwhile', async () => {
    const { driver, store } = setup({ timeout: 60_000 });
    driver.put = async () => {
      void store.close();
      throw lost();
    };
    await expect(store.update('a', increment)).rejects.toMatchObject({ outcome: 'unknown' });
  });
});

test('the outcome of a write without compare is told, and the write not repeated', async () => {
  const { driver, store } = setup();
  const put = jest.fn<Put>().mockRejectedValue(lost());
  driver.put = put;
  await expect(store.write('a', { n: 1 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    outcome: 'unknown',
  });
  expect(put).toHaveBeenCalledTimes(1);
});

test('every version has its own etag, and remembers those before it, newest first', async () => {
  const { map, store } = setup();
  const etags: string[] = [];
  for (let i = 0; i < 20; i++) {
    await (i % 3 ? store.update('a', increment) : store.write('a', { n: i }));
    if (i % 5 === 0) await store.touch('a');
    const { etag, history } = map.peek('a') as SessionRecord;
    expect(etag).toMatch(/^[\w-]{12}$/);
    if (i % 5) expect(history).toEqual(etags.slice(0, HISTORY_LENGTH));
    etags.unshift(...(i % 5 ? [etag] : [etag, ...history.slice(0, 1)]));
  }
  expect(new Set(etags).size).toBe(24);
  await store.destroy('a');
  await store.write('a', { n: 1 });
  expect(map.peek('a')?.history).toEqual([]);
});
