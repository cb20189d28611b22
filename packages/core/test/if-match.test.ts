import { describe, expect, jest, test } from '@jest/globals';
import {
  type Driver,
  DriverStore,
  HISTORY_LENGTH,
  hashId,
  type Version,
  type WriteOptions,
} from '../src/index.ts';
import {
  appliedAndLost,
  lost,
  notAppliedAndLost,
  type Put,
  type Remove,
  sequence,
} from './faults.ts';
import { MapDriver } from './map-driver.ts';

interface Count {
  n: number;
}

const MINUTE = 60_000;
const conflict = expect.objectContaining({
  code: 'CONFLICT',
  outcome: 'not-applied',
  idHash: hashId('a'),
  message: expect.stringContaining('not the version of ifMatch'),
});
const unknown = expect.objectContaining({ outcome: 'unknown', idHash: hashId('a') });

/** A store on a driver whose methods can be replaced, and another one on the same records. */
function setup({ timeout = 5000, expiresIn = Infinity } = {}) {
  const clock = { now: 0 };
  const options = { timeout, expiresIn, now: () => clock.now };
  const map = new MapDriver();
  const driver: Driver = map;
  const put: Put = driver.put.bind(driver);
  const remove: Remove = driver.delete.bind(driver);
  const store = new DriverStore<Count>(driver, options);
  const other = new DriverStore<Count>(new MapDriver(map.records), options);
  const etag = async () => ((await other.readVersion('a')) as Version<Count>).etag;
  return { clock, map, driver, put, remove, store, other, etag };
}

const increment = (session: Count | null) => ({ n: (session?.n ?? 0) + 1 });

describe('a write with ifMatch', () => {
  test('replaces that version, and no former one', async () => {
    const { store, etag } = setup();
    await store.write('a', { n: 1 });
    const first = await etag();
    await store.write('a', { n: 2 }, { ifMatch: first });
    expect(await store.read('a')).toEqual({ n: 2 });
    await expect(store.write('a', { n: 3 }, { ifMatch: first })).rejects.toEqual(conflict);
    expect(await store.read('a')).toEqual({ n: 2 });
  });

  test('remembers the versions before', async () => {
    const { map, store, etag } = setup();
    await store.write('a', { n: 1 });
    const first = await etag();
    await store.write('a', { n: 2 }, { ifMatch: first });
    expect(map.peek('a')?.history).toEqual([first]);
  });

  test('is a conflict when there is no session', async () => {
    const { map, store, etag } = setup();
    await store.write('a', { n: 1 });
    const ifMatch = await etag();
    await store.destroy('a');
    await expect(store.write('a', { n: 2 }, { ifMatch })).rejects.toEqual(conflict);
    expect(map.records.size).toBe(0);
  });

  test('null creates a session, and is a conflict when there is one', async () => {
    const { store } = setup();
    await store.write('a', { n: 1 }, { ifMatch: null });
    await expect(store.write('a', { n: 2 }, { ifMatch: null })).rejects.toEqual(conflict);
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('takes an expired session for none', async () => {
    const { clock, map, store, etag } = setup({ expiresIn: 1 });
    await store.write('a', { n: 1 });
    const ifMatch = await etag();
    clock.now = MINUTE;
    const before = map.records.get('a');
    await expect(store.write('a', { n: 2 }, { ifMatch })).rejects.toEqual(conflict);
    expect(map.records.get('a')).toBe(before);
    await store.write('a', { n: 3 }, { ifMatch: null });
    expect(await store.readVersion('a')).toMatchObject({
      session: { n: 3 },
      expiresAt: 2 * MINUTE,
    });
  });

  test('of several at once for one version lets one through', async () => {
    const { store, other, etag } = setup();
    await store.write('a', { n: 0 });
    const ifMatch = await etag();
    const writes = [1, 2, 3, 4, 5, 6].map((n) =>
      (n % 2 ? store : other).write('a', { n }, { ifMatch }),
    );
    const settled = await Promise.allSettled(writes);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of settled)
      if (each.status === 'rejected') expect(each.reason).toEqual(conflict);
  });

  test.each<[string, boolean]>([
    ['that version', true],
    ['none', false],
  ])('is a conflict when somebody else is faster than the command for %s', async (_, there) => {
    const { driver, put, store, other, etag } = setup();
    if (there) await store.write('a', { n: 1 });
    const ifMatch = there ? await etag() : null;
    driver.put = async (...args) => {
      await other.write('a', { n: 5 });
      return put(...args);
    };
    await expect(store.write('a', { n: 2 }, { ifMatch })).rejects.toEqual(conflict);
    expect(await store.read('a')).toEqual({ n: 5 });
  });

  test('creates once more when the one who was faster is gone again', async () => {
    const { driver, put, store } = setup();
    driver.put = sequence<Parameters<Put>, ReturnType<Put>>([async () => false], put);
    await store.write('a', { n: 2 }, { ifMatch: null });
    expect(await store.read('a')).toEqual({ n: 2 });
  });

  test('sends nothing when it is refused, or when the session cannot be stored', async () => {
    const { driver, store } = setup();
    const put = jest.fn<Put>();
    driver.put = put;
    await expect(store.write('a', { n: 1 }, { ifMatch: 'other' })).rejects.toEqual(conflict);
    const bad = store.write('a', { n: 1n } as never, { ifMatch: null });
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_SESSION', idHash: hashId('a') });
    expect(put).not.toHaveBeenCalled();
  });

  test('rejects with CORRUPT what cannot be read, and leaves it', async () => {
    const { map, store } = setup();
    map.records.set('a', '"text"');
    for (const ifMatch of [null, 'etag']) {
      const write = store.write('a', { n: 1 }, { ifMatch });
      await expect(write).rejects.toMatchObject({ code: 'CORRUPT', idHash: hashId('a') });
    }
    expect(map.records.get('a')).toBe('"text"');
  });

  test('has a conflict that carries neither id nor data nor etag', async () => {
    const { store } = setup();
    const id = 'telegram:4242424242';
    const error = await store.write(id, { n: 77_777 }, { ifMatch: 'myetag' }).catch((e) => e);
    const text = JSON.stringify([error, error.message, error.stack]);
    for (const each of ['4242424242', '77777', 'myetag']) expect(text).not.toContain(each);
  });
});

describe('a destroy with ifMatch', () => {
  test('removes that version, and no other', async () => {
    const { map, store, etag } = setup();
    await store.write('a', { n: 1 });
    const first = await etag();
    await store.touch('a');
    await expect(store.destroy('a', { ifMatch: first })).rejects.toEqual(conflict);
    expect(await store.read('a')).toEqual({ n: 1 });
    await store.destroy('a', { ifMatch: await etag() });
    expect(map.records.size).toBe(0);
    await expect(store.destroy('a', { ifMatch: first })).rejects.toEqual(conflict);
  });

  test('null is content with no session, and sends nothing', async () => {
    const { driver, store } = setup();
    const remove = jest.fn<Remove>();
    driver.delete = remove;
    await store.destroy('a', { ifMatch: null });
    expect(remove).not.toHaveBeenCalled();
    await store.write('a', { n: 1 });
    await expect(store.destroy('a', { ifMatch: null })).rejects.toEqual(conflict);
    expect(remove).not.toHaveBeenCalled();
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('takes an expired session for none', async () => {
    const { clock, store, etag } = setup({ expiresIn: 1 });
    await store.write('a', { n: 1 });
    const ifMatch = await etag();
    clock.now = MINUTE;
    await expect(store.destroy('a', { ifMatch })).rejects.toEqual(conflict);
    await store.destroy('a', { ifMatch: null });
    clock.now = 0;
    expect(await store.read('a')).toBeNull();
  });

  test('is a conflict when somebody else is faster than the command', async () => {
    const { driver, remove, store, other, etag } = setup();
    await store.write('a', { n: 1 });
    const ifMatch = await etag();
    driver.delete = async (...args) => {
      await other.update('a', increment);
      return remove(...args);
    };
    await expect(store.destroy('a', { ifMatch })).rejects.toEqual(conflict);
    expect(await store.read('a')).toEqual({ n: 2 });
  });
});

describe('ifMatch', () => {
  test.each([undefined, '', 5, true, {}, ['etag']])(
    'of %p is a TypeError, and nothing is sent',
    async (bad) => {
      const { driver, map, store } = setup();
      await store.write('a', { n: 1 });
      const before = map.records.get('a');
      const ask = () => {
        throw new Error('the backend was asked');
      };
      Object.assign(driver, { get: ask, put: ask, delete: ask });
      const options = { ifMatch: bad } as unknown as WriteOptions;
      const refused = new TypeError(
        'ifMatch must be an etag, or null for a session that is not there yet',
      );
      await expect(store.write('a', { n: 2 }, options)).rejects.toEqual(refused);
      await expect(store.destroy('a', options as never)).rejects.toEqual(refused);
      expect(map.records.get('a')).toBe(before);
    },
  );

  test('is no option of update and touch', async () => {
    const { store } = setup();
    const options = { ifMatch: null } as never;
    await expect(store.update('a', increment, options)).rejects.toThrow(TypeError);
    await expect(store.touch('a', options)).rejects.toThrow(/no option ifMatch/);
    expect(await store.read('a')).toBeNull();
  });
});

describe('a write with ifMatch whose answer is lost', () => {
  type Case = ReturnType<typeof setup>;
  const fill = async ({ other }: Case) => {
    for (let i = 0; i <= HISTORY_LENGTH; i++) await other.update('a', increment);
  };

  describe.each<[string, boolean]>([
    ['over a version', true],
    ['for a creation', false],
  ])('%s', (_, there) => {
    async function write(fault: (each: Case) => Put, timeout?: number) {
      const each = setup(timeout ? { timeout } : {});
      if (there) await each.other.write('a', { n: 0 });
      const ifMatch = there ? await each.etag() : null;
      const faulty = fault(each);
      each.driver.put = sequence<Parameters<Put>, ReturnType<Put>>([faulty], each.put);
      return { ...each, done: each.store.write('a', { n: 1 }, { ifMatch }) };
    }

    test('is done once when it was applied', async () => {
      const { map, done } = await write(({ put }) => appliedAndLost(put));
      await done;
      expect(map.peek('a')).toMatchObject({ session: '{"n":1}' });
      expect(map.peek('a')?.history).toHaveLength(there ? 1 : 0);
    });

    test('is sent again when it was not applied', async () => {
      const { store, done } = await write(() => notAppliedAndLost());
      await done;
      expect(await store.read('a')).toEqual({ n: 1 });
    });

    test('is done when it was applied, and somebody else changed the session since', async () => {
      const { store, done } = await write(({ put, other }) =>
        appliedAndLost(put, () => other.update('a', increment)),
      );
      await done;
      expect(await store.read('a')).toEqual({ n: 2 });
    });

    test('is done when it was applied, and the repeat is refused', async () => {
      const { driver, put, store, done } = await write(({ put }) => appliedAndLost(put));
      const refuse: Put = async () => false;
      driver.put = sequence([appliedAndLost<Parameters<Put>>(put), refuse], put);
      await done;
      expect(await store.read('a')).toEqual({ n: 1 });
    });

    test('is a conflict when it was not applied, and somebody else was there since', async () => {
      const { store, done } = await write(({ other }) =>
        notAppliedAndLost(() => other.update('a', () => ({ n: 5 }))),
      );
      await expect(done).rejects.toEqual(conflict);
      expect(await store.read('a')).toEqual({ n: 5 });
    });

    test('is unknown when others wrote more often than a record remembers', async () => {
      const { done } = await write((each) => appliedAndLost(each.put, () => fill(each)));
      await expect(done).rejects.toEqual(unknown);
    });

    test('is unknown when the backend stays away', async () => {
      const { driver, done } = await write(() => notAppliedAndLost(), 60);
      driver.put = notAppliedAndLost();
      await expect(done).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        outcome: 'unknown',
        cause: lost(),
      });
    });
  });

  test('is unknown when the session was destroyed since', async () => {
    const { driver, put, store, other, etag } = setup();
    await other.write('a', { n: 0 });
    const ifMatch = await etag();
    driver.put = sequence<Parameters<Put>, ReturnType<Put>>(
      [appliedAndLost(put, () => other.destroy('a'))],
      put,
    );
    await expect(store.write('a', { n: 1 }, { ifMatch })).rejects.toEqual(unknown);
    expect(await store.read('a')).toBeNull();
  });
});

describe('a destroy with ifMatch whose answer is lost', () => {
  async function destroy(fault: (each: ReturnType<typeof setup>) => Remove, timeout?: number) {
    const each = setup(timeout ? { timeout } : {});
    await each.other.write('a', { n: 1 });
    const ifMatch = await each.etag();
    const faulty = fault(each);
    each.driver.delete = sequence<Parameters<Remove>, ReturnType<Remove>>([faulty], each.remove);
    return { ...each, done: each.store.destroy('a', { ifMatch }) };
  }

  test('is done when it was applied, and leaves what was created since', async () => {
    const first = await destroy(({ remove }) => appliedAndLost(remove));
    await first.done;
    expect(first.map.records.size).toBe(0);
    const second = await destroy(({ remove, other }) =>
      appliedAndLost(remove, () => other.write('a', { n: 5 })),
    );
    await second.done;
    expect(await second.store.read('a')).toEqual({ n: 5 });
  });

  test('is sent again when it was not applied', async () => {
    const { map, done } = await destroy(() => notAppliedAndLost());
    await done;
    expect(map.records.size).toBe(0);
  });

  test('is a conflict when it was not applied, and somebody else changed the session since', async () => {
    const { store, done } = await destroy(({ other }) =>
      notAppliedAndLost(() => other.update('a', increment)),
    );
    await expect(done).rejects.toEqual(conflict);
    expect(await store.read('a')).toEqual({ n: 2 });
  });

  test('is unknown when the backend stays away', async () => {
    const { driver, done } = await destroy(() => notAppliedAndLost(), 60);
    driver.delete = notAppliedAndLost();
    await expect(done).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
  });
});
