import { beforeEach, expect, test } from '@jest/globals';
import type { Storage, StoreItem } from '@microsoft/agents-hosting';
import type { FullSessionStore } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { StoreStorage } from '../src/index.ts';
import { describeStores } from './support.ts';

const CONFLICT = {
  name: 'Error',
  code: -120700,
  message: expect.stringContaining('Storage: error writing "key" due to eTag conflict.'),
};

describeStores((open) => {
  let store: FullSessionStore;
  let storage: Storage;

  beforeEach(() => {
    store = open();
    storage = new StoreStorage(store);
  });

  const eTagOf = async (key: string): Promise<string> => (await storage.read([key]))[key].eTag;

  test('no keys, or no changes, are the SDK’s own errors', async () => {
    for (const keys of [[], null, undefined]) {
      await expect(storage.read(keys as string[])).rejects.toMatchObject({
        name: 'ReferenceError',
        message: expect.stringContaining('Keys are required when reading.'),
      });
    }
    for (const changes of [[], null, undefined, { a: { value: 1 }, b: null }]) {
      await expect(storage.write(changes as StoreItem)).rejects.toMatchObject({
        name: 'ReferenceError',
        message: expect.stringContaining('Changes are required when writing.'),
      });
    }
    await storage.write({});
    await storage.delete([]);
    expect(await store.all()).toEqual([]);
  });

  test('what is not there is left out', async () => {
    expect(await storage.read(['nothing'])).toEqual({});
    await storage.write({ there: { value: 1 } });
    const items = await storage.read(['there', 'nothing', 'there']);
    expect(items).toEqual({ there: { value: 1, eTag: expect.any(String) } });
  });

  test('several items come back, and the eTag is not among what is stored', async () => {
    await storage.write({ a: { value: 1, eTag: '*' }, b: { value: { deep: [1] } } });
    expect(await storage.read(['a', 'b'])).toMatchObject({
      a: { value: 1 },
      b: { value: { deep: [1] } },
    });
    expect(await store.read('a')).toEqual({ value: 1 });
  });

  test('odd keys and members are ordinary', async () => {
    const keys = ['__proto__', '../x', 'a/b?c#d\\e*', 'A', 'a', 'é 😀'];
    for (const key of keys) {
      await storage.write(Object.fromEntries([[key, { key, 'x.y$': null }]]));
    }
    const items = await storage.read(keys);
    expect(Object.keys(items)).toEqual(keys);
    for (const [key, item] of Object.entries(items))
      expect(item).toMatchObject({ key, 'x.y$': null });
  });

  test('each write gives a new eTag', async () => {
    const eTags = new Set<string>();
    for (let n = 0; n < 3; n++) {
      await storage.write({ key: { n, eTag: '*' } });
      eTags.add(await eTagOf('key'));
      eTags.add(await eTagOf('key'));
    }
    expect(eTags.size).toBe(3);
  });

  test('the current eTag is taken, and an older one is not', async () => {
    await storage.write({ key: { value: 1 } });
    const item = (await storage.read(['key'])).key;
    await storage.write({ key: { ...item, value: 2 } });
    await expect(storage.write({ key: { ...item, value: 3 } })).rejects.toMatchObject(CONFLICT);
    expect(await store.read('key')).toEqual({ value: 2 });
  });

  test('neither is one that never was, nor one of an item that is gone', async () => {
    await storage.write({ key: { value: 1 } });
    const write = (eTag: string) => storage.write({ key: { value: 2, eTag } });
    await expect(write('invalid')).rejects.toMatchObject(CONFLICT);
    const eTag = await eTagOf('key');
    await storage.delete(['key']);
    await expect(write(eTag)).rejects.toMatchObject(CONFLICT);
    expect(await store.read('key')).toBeNull();
  });

  test.each(['*', '', undefined])('an eTag of %p overwrites', async (eTag) => {
    await storage.write({ key: { value: 1, other: 1 } });
    await storage.write({ key: { value: 2, eTag } });
    expect(await store.read('key')).toEqual({ value: 2 });
  });

  test('of many who write over one eTag at once one gets through', async () => {
    await storage.write({ key: { by: -1 } });
    const eTag = await eTagOf('key');
    const writes = Array.from({ length: 20 }, (_, by) => storage.write({ key: { by, eTag } }));
    const results = await Promise.allSettled(writes);
    const through = results.findIndex(({ status }) => status === 'fulfilled');
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await store.read('key')).toEqual({ by: through });
  });

  test('100 who try again keep 100 of 100 increments', async () => {
    const add = async (): Promise<void> => {
      const { count = 0, eTag } = (await storage.read(['key'])).key ?? {};
      await storage
        .write({ key: { count: count + 1, eTag } })
        .catch((error) => (error.code === -120700 ? add() : Promise.reject(error)));
    };
    await storage.write({ key: { count: 0 } });
    await Promise.all(Array.from({ length: 100 }, add));
    expect(await store.read('key')).toEqual({ count: 100 });
  });

  test('delete removes, and finds nothing to remove', async () => {
    await storage.write({ a: { value: 1 }, b: { value: 2 } });
    await storage.delete(['a', 'nothing']);
    expect(Object.keys(await storage.read(['a', 'b']))).toEqual(['b']);
  });

  test('what was read is a copy', async () => {
    await storage.write({ key: { list: [1] } });
    const items = await storage.read(['key']);
    items.key.list.push(2);
    expect(await store.read('key')).toEqual({ list: [1] });
  });
});

test('an item lives as long as the store says', async () => {
  let clock = 1_800_000_000_000;
  const store = new MemorySessionStore(Infinity, { expiresIn: 10, now: () => clock });
  const storage = new StoreStorage(store);
  await storage.write({ key: { value: 1 } });
  const eTag = (await storage.read(['key'])).key.eTag;
  clock += 600_000;
  expect(await storage.read(['key'])).toEqual({});
  await expect(storage.write({ key: { value: 2, eTag } })).rejects.toMatchObject(CONFLICT);
});

test('errors of the store pass through', async () => {
  const store = new MemorySessionStore();
  const storage = new StoreStorage(store);
  const invalid = { code: 'INVALID_SESSION' };
  await expect(storage.write({ key: { value: 1n } })).rejects.toMatchObject(invalid);
  await expect(storage.read([''])).rejects.toMatchObject({ code: 'INVALID_ID' });
  await store.close();
  await expect(storage.read(['key'])).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(storage.delete(['key'])).rejects.toMatchObject({ code: 'CLOSED' });
});

test('wrong arguments are refused', () => {
  const store = new MemorySessionStore();
  const storage = new StoreStorage(store);
  expect(() => new StoreStorage({} as FullSessionStore)).toThrow(TypeError);
  expect(() => storage.exclusive({ leases: {} as FullSessionStore })).toThrow(TypeError);
  expect(() => storage.exclusive({ waits: 1 } as object)).toThrow(TypeError);
});
