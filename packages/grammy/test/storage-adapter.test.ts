import { expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { type Context, type SessionFlavor, session } from 'grammy';
import { storageAdapter } from '../src/index.ts';
import { describeStores, listed, message, newBot } from './support.ts';

interface Pizzas {
  pizzaCount: number;
}

describeStores((open) => {
  test('reads undefined where nothing is, then what was written, until it is deleted', async () => {
    const storage = storageAdapter<Pizzas>(open());
    expect(await storage.read('7')).toBeUndefined();
    expect(await storage.has('7')).toBe(false);
    await storage.write('7', { pizzaCount: 1 });
    await storage.write('7', { pizzaCount: 2 });
    expect(await storage.read('7')).toEqual({ pizzaCount: 2 });
    expect(await storage.has('7')).toBe(true);
    await storage.delete('7');
    await storage.delete('7');
    expect(await storage.read('7')).toBeUndefined();
    expect(await storage.has('7')).toBe(false);
  });

  test.each<[string, unknown]>([
    ['an object', { pizzaCount: 1, list: [{ deep: null }] }],
    ['an empty object', {}],
    ['a string', 'test'],
    ['an empty string', ''],
    ['zero', 0],
    ['false', false],
    ['an array', [1, 2]],
  ])('keeps %s', async (_, value) => {
    const storage = storageAdapter<unknown>(open());
    await storage.write('7', value);
    expect(await storage.read('7')).toEqual(value);
    expect(await storage.has('7')).toBe(true);
    expect(await listed(storage.readAllValues())).toEqual([value]);
  });

  test('lists keys, values and entries as async iterables', async () => {
    const storage = storageAdapter<Pizzas>(open());
    for (const list of [storage.readAllKeys, storage.readAllValues, storage.readAllEntries]) {
      expect(await listed<unknown>(list())).toEqual([]);
    }
    const entries = Array.from({ length: 20 }, (_, n): [string, Pizzas] => [
      `${n}`,
      { pizzaCount: n },
    ]);
    for (const [key, value] of entries) await storage.write(key, value);
    const keys = await listed(storage.readAllKeys());
    expect(keys.toSorted()).toEqual(entries.map(([key]) => key).toSorted());
    expect(new Map(await listed(storage.readAllEntries()))).toEqual(new Map(entries));
    const counts = (await listed(storage.readAllValues())).map(({ pizzaCount }) => pizzaCount);
    expect(new Set(counts)).toEqual(new Set(entries.map((_, n) => n)));
  });

  test('gives a private copy', async () => {
    const storage = storageAdapter<Pizzas>(open());
    const value = { pizzaCount: 1 };
    await storage.write('7', value);
    value.pizzaCount = 2;
    const read = (await storage.read('7')) as Pizzas;
    expect(read).toEqual({ pizzaCount: 1 });
    read.pizzaCount = 3;
    expect(await storage.read('7')).toEqual({ pizzaCount: 1 });
  });

  test('leaves other members of the session as they are', async () => {
    const store = open();
    await store.write('7', { user: { id: 7 }, _state: { pizzaCount: 1 } });
    await storageAdapter<Pizzas>(store).write('7', { pizzaCount: 2 });
    expect(await store.read('7')).toEqual({
      user: { id: 7 },
      id: '7',
      _state: { pizzaCount: 2 },
    });
  });

  test('a store that fails is no new user', async () => {
    const store = open();
    const storage = storageAdapter<Pizzas>(store);
    const bot = newBot<Context & SessionFlavor<Pizzas>>();
    let handled = 0;
    bot.use(session({ initial: () => ({ pizzaCount: 0 }), storage }));
    bot.on('message', (ctx) => {
      handled += ++ctx.session.pizzaCount;
    });
    await bot.handleUpdate(message('one'));
    await store.close();
    await expect(bot.handleUpdate(message('two'))).rejects.toMatchObject({
      error: { code: 'CLOSED' },
    });
    expect(handled).toBe(1);
    const closed = { code: 'CLOSED' };
    await expect(storage.read('7')).rejects.toMatchObject(closed);
    await expect(storage.has('7')).rejects.toMatchObject(closed);
    await expect(storage.write('7', { pizzaCount: 1 })).rejects.toMatchObject(closed);
    await expect(storage.delete('7')).rejects.toMatchObject(closed);
    for (const list of [storage.readAllKeys, storage.readAllValues, storage.readAllEntries]) {
      await expect(listed<unknown>(list())).rejects.toMatchObject(closed);
    }
  });
});

test('the lifetime of the store is that of the session', async () => {
  let now = Date.now();
  const store = new MemorySessionStore(Infinity, { expiresIn: 10, now: () => now });
  const storage = storageAdapter<Pizzas>(store);
  await storage.write('7', { pizzaCount: 1 });
  now += 10 * 60_000 - 1;
  expect(await storage.has('7')).toBe(true);
  now += 1;
  expect(await storage.has('7')).toBe(false);
  expect(await storage.read('7')).toBeUndefined();
  expect(await listed(storage.readAllKeys())).toEqual([]);
});

test('a store without update is refused', () => {
  const five = { init() {}, read() {}, write() {}, destroy() {}, all() {} };
  for (const store of [five, undefined, null, {}]) {
    expect(() => storageAdapter(store as never)).toThrow(TypeError);
  }
});
