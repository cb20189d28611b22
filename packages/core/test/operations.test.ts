import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DriverStore, hashId, SessionError, type StoreOperation } from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

const CHANNEL = 'sessions:operation';

class MapStore extends DriverStore {}

let heard: StoreOperation[];
const listener = (message: unknown) => void heard.push(message as StoreOperation);

beforeEach(() => {
  heard = [];
  subscribe(CHANNEL, listener);
});
afterEach(() => void unsubscribe(CHANNEL, listener));

const told = () => heard.map(({ operation, error }) => (error ? [operation, error] : operation));

test('tells of every method of a store, once it is over', async () => {
  const store = await new MapStore(new MapDriver()).init();
  await store.write('a', { secret: 1 });
  await store.read('a');
  await store.readVersion('a');
  await store.update('a', (session) => session);
  await store.touch('a');
  await store.destroy('a');
  await store.all();
  for await (const _ of store.entries());
  for await (const _ of store.versions());
  for await (const _ of store.ids());
  await store.clear();
  await store.prune();
  await store.close();
  const methods = ['init', 'write', 'read', 'readVersion', 'update', 'touch', 'destroy'];
  expect(told()).toEqual([
    ...methods,
    ...['entries', 'all', 'entries', 'versions', 'ids', 'clear', 'prune', 'close'],
  ]);
});

test('tells the class of a store, also where nobody made one of their own', async () => {
  await new DriverStore(new MapDriver()).init();
  expect(heard.map(({ store }) => store)).toEqual(['DriverStore']);
});

test('tells what it was, how long it took, and nothing of what is stored', async () => {
  const store = new MapStore(new MapDriver());
  const start = performance.now();
  await store.write('telegram:42', { secret: 1 });
  const elapsed = performance.now() - start;
  expect(heard).toEqual([
    {
      operation: 'write',
      store: 'MapStore',
      duration: expect.any(Number),
      error: undefined,
      idHash: hashId('telegram:42'),
    },
  ]);
  expect(heard[0]?.duration).toBeGreaterThan(0);
  expect(heard[0]?.duration).toBeLessThanOrEqual(elapsed);
});

describe('tells why it failed:', () => {
  test('the code of the error', async () => {
    const store = new MapStore(new MapDriver());
    await expect(store.read('')).rejects.toThrow(SessionError);
    await expect(store.write('a', {}, { ifMatch: 'other' })).rejects.toThrow(SessionError);
    expect(told()).toEqual([
      ['read', 'INVALID_ID'],
      ['write', 'CONFLICT'],
    ]);
    expect(heard[0]?.idHash).toBe(hashId(''));
  });

  test('OTHER for the error of somebody else, which may say what is stored', async () => {
    const store = new MapStore(new MapDriver());
    const error = new Error('the secret is 1');
    const failing = store.update('a', () => Promise.reject(error));
    await expect(failing).rejects.toBe(error);
    expect(told()).toEqual([['update', 'OTHER']]);
  });

  test('OTHER for no error at all', async () => {
    const store = new MapStore(new MapDriver());
    await expect(store.update('a', () => Promise.reject(undefined))).rejects.toBeUndefined();
    expect(told()).toEqual([['update', 'OTHER']]);
  });

  test('a listing that fails', async () => {
    const store = new MapStore(new MapDriver());
    await store.write('a', {});
    await store.write('b', {});
    const interrupt = new AbortController();
    const listing = async () => {
      for await (const _ of store.ids({ signal: interrupt.signal })) interrupt.abort();
    };
    await expect(listing()).rejects.toThrow('aborted');
    expect(told()).toEqual(['write', 'write', ['ids', 'OTHER']]);
  });

  test('an id that is none', async () => {
    const store = new MapStore(new MapDriver());
    await expect(store.read(42 as never)).rejects.toThrow(SessionError);
    expect(heard[0]).toMatchObject({ error: 'INVALID_ID', idHash: undefined });
  });
});

test('a listing that its reader leaves is over then', async () => {
  const store = new MapStore(new MapDriver());
  await store.write('a', {});
  await store.write('b', {});
  for await (const id of store.ids()) {
    expect(id).toBe('a');
    expect(told()).toEqual(['write', 'write']);
    break;
  }
  expect(told()).toEqual(['write', 'write', 'ids']);
});

test('nothing changes for those who call: results, errors, and who overrides a method', async () => {
  class Loud extends MapStore {
    override async read<T>(id: string): Promise<T | null> {
      return super.read(`${id}!`) as Promise<T | null>;
    }
  }
  const store = new Loud(new MapDriver());
  await store.write('a!', { n: 1 });
  expect(await store.read('a')).toEqual({ n: 1 });
  expect(heard.at(-1)).toMatchObject({ operation: 'read', store: 'Loud', idHash: hashId('a!') });
  unsubscribe(CHANNEL, listener);
  expect(await store.read('a')).toEqual({ n: 1 });
  expect(heard).toHaveLength(2);
});
