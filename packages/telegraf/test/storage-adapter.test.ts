import { expect, test } from '@jest/globals';
import { DriverStore } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { type Context, Scenes, session } from 'telegraf';
import { MapDriver } from '../../core/test/map-driver.ts';
import { storageAdapter } from '../src/index.ts';
import { channelPost, describeStores, message, newBot } from './support.ts';

interface Pizzas {
  pizzaCount: number;
}
type MyContext = Context & { session: Pizzas };

const defaultSession = () => ({ pizzaCount: 0 });
const CLOSED = { code: 'CLOSED' };

describeStores((open) => {
  test('gets undefined where nothing is, then what was set, until it is deleted', async () => {
    const storage = storageAdapter<Pizzas>(open());
    expect(await storage.get('7')).toBeUndefined();
    await storage.set('7', { pizzaCount: 1 });
    await storage.set('7', { pizzaCount: 2 });
    expect(await storage.get('7')).toEqual({ pizzaCount: 2 });
    await storage.delete('7');
    await storage.delete('7');
    expect(await storage.get('7')).toBeUndefined();
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
    await storage.set('7', value);
    expect(await storage.get('7')).toEqual(value);
  });

  test('gives a private copy', async () => {
    const storage = storageAdapter<Pizzas>(open());
    const value = { pizzaCount: 1 };
    await storage.set('7', value);
    value.pizzaCount = 2;
    const read = (await storage.get('7')) as Pizzas;
    expect(read).toEqual({ pizzaCount: 1 });
    read.pizzaCount = 3;
    expect(await storage.get('7')).toEqual({ pizzaCount: 1 });
  });

  test('leaves other members of the session as they are', async () => {
    const store = open();
    await store.write('7', { user: { id: 7 }, _state: { pizzaCount: 1 } });
    await storageAdapter<Pizzas>(store).set('7', { pizzaCount: 2 });
    expect(await store.read('7')).toEqual({
      user: { id: 7 },
      id: '7',
      _state: { pizzaCount: 2 },
    });
  });

  test('session(): counts, and deletes what is set to undefined', async () => {
    const store = open();
    const bot = newBot<MyContext>();
    const seen: number[] = [];
    bot.use(session({ defaultSession, store: storageAdapter<Pizzas>(store) }));
    bot.hears('more', (ctx) => {
      seen.push(ctx.session.pizzaCount++);
    });
    bot.hears('none', (ctx) => {
      ctx.session = undefined as never;
    });
    for (const text of ['more', 'more']) await bot.handleUpdate(message(text));
    expect((await store.read('7:7'))?._state).toEqual({ pizzaCount: 2 });
    await bot.handleUpdate(message('more', 8));
    await bot.handleUpdate(message('none'));
    expect(await store.read('7:7')).toBeNull();
    await bot.handleUpdate(message('more'));
    expect(seen).toEqual([0, 1, 0, 0]);
  });

  test('updates at once share what session() has read, as with its own store', async () => {
    const store = open();
    const bot = newBot<MyContext>();
    bot.use(session({ defaultSession, store: storageAdapter<Pizzas>(store) }));
    bot.use((ctx) => {
      ctx.session.pizzaCount++;
    });
    await Promise.all(Array.from({ length: 100 }, () => bot.handleUpdate(message('Hi'))));
    expect((await store.read('7:7'))?._state).toEqual({ pizzaCount: 100 });
  });

  test('session() stores what a handler that throws has set, as Telegraf does', async () => {
    const store = open();
    const bot = newBot<MyContext>();
    bot.use(session({ defaultSession, store: storageAdapter<Pizzas>(store) }));
    bot.use((ctx) => {
      ctx.session.pizzaCount = 99;
      throw new Error('in the handler');
    });
    await expect(bot.handleUpdate(message('fail'))).rejects.toThrow('in the handler');
    expect((await store.read('7:7'))?._state).toEqual({ pizzaCount: 99 });
  });

  test('session() of strings, in another property', async () => {
    const store = open();
    const bot = newBot<Context & { words: string }>();
    bot.use(
      session({
        property: 'words',
        defaultSession: () => 'test',
        store: storageAdapter<string>(store),
      }),
    );
    bot.hears('edit', (ctx) => {
      ctx.words = `${ctx.words} edited`;
    });
    for (const text of ['edit', 'edit']) await bot.handleUpdate(message(text));
    expect((await store.read('7:7'))?._state).toBe('test edited edited');
  });

  test('a wizard goes on after a restart', async () => {
    const store = open();
    const said: string[] = [];
    const started = () => {
      const bot = newBot<Scenes.WizardContext>();
      const wizard = new Scenes.WizardScene<Scenes.WizardContext>(
        'greet',
        async (ctx) => {
          ctx.wizard.next();
        },
        async (ctx) => {
          Object.assign(ctx.wizard.state, { name: ctx.text });
          ctx.wizard.next();
        },
        async (ctx) => {
          said.push(`${(ctx.wizard.state as { name: string }).name} of ${ctx.text}`);
          await ctx.scene.leave();
        },
      );
      bot.use(session({ store: storageAdapter<never>(store) }));
      bot.use(new Scenes.Stage<Scenes.WizardContext>([wizard]).middleware());
      bot.hears('start', (ctx) => ctx.scene.enter('greet'));
      return bot;
    };
    for (const text of ['start', 'Ada', 'London']) await started().handleUpdate(message(text));
    expect(said).toEqual(['Ada of London']);
    expect((await store.read('7:7'))?._state).toEqual({ __scenes: {} });
  });

  test('a store that fails is no new user', async () => {
    const store = open();
    const bot = newBot<MyContext>();
    let handled = 0;
    bot.use(session({ defaultSession, store: storageAdapter<Pizzas>(store) }));
    bot.use((ctx) => {
      handled += ++ctx.session.pizzaCount;
    });
    await bot.handleUpdate(message('one'));
    await store.close();
    await expect(bot.handleUpdate(message('two'))).rejects.toMatchObject(CLOSED);
    expect(handled).toBe(1);
    const storage = storageAdapter<Pizzas>(store);
    await expect(storage.get('7')).rejects.toMatchObject(CLOSED);
    await expect(storage.set('7', { pizzaCount: 1 })).rejects.toMatchObject(CLOSED);
    await expect(storage.delete('7')).rejects.toMatchObject(CLOSED);
    await storage.get('7').then(
      () => expect(true).toBe(false),
      (error) => expect(error).toMatchObject(CLOSED),
    );
    expect(await storage.get('7').catch(({ code }) => code)).toBe('CLOSED');
    let settled = false;
    const settle = () => {
      settled = true;
    };
    await expect(storage.get('7').finally(settle)).rejects.toMatchObject(CLOSED);
    expect(settled).toBe(true);
  });
});

test('a chat goes on when the store is there again', async () => {
  let isDown = true;
  class Failing extends MapDriver {
    override get(id: string) {
      if (isDown) throw new Error('down');
      return super.get(id);
    }
  }
  const store = new DriverStore(new Failing());
  const bot = newBot<MyContext>();
  bot.use(session({ defaultSession, store: storageAdapter<Pizzas>(store) }));
  bot.use((ctx) => {
    ctx.session.pizzaCount++;
  });
  for (const text of ['one', 'two']) {
    const handled = bot.handleUpdate(message(text));
    await expect(handled).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  }
  isDown = false;
  for (const text of ['three', 'four']) await bot.handleUpdate(message(text));
  expect((await store.read('7:7'))?._state).toEqual({ pizzaCount: 2 });
});

test('the lifetime of the store is that of the session', async () => {
  let now = Date.now();
  const store = new MemorySessionStore(Infinity, { expiresIn: 10, now: () => now });
  const storage = storageAdapter<Pizzas>(store);
  await storage.set('7', { pizzaCount: 1 });
  now += 10 * 60_000 - 1;
  expect(await storage.get('7')).toEqual({ pizzaCount: 1 });
  now += 1;
  expect(await storage.get('7')).toBeUndefined();
});

test('an update without a key touches no session', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<MyContext>();
  bot.use(session({ defaultSession, store: storageAdapter<Pizzas>(store) }));
  await bot.handleUpdate(channelPost());
  expect(await store.all()).toEqual([]);
});

test('a store without update is refused', () => {
  const five = { init() {}, read() {}, write() {}, destroy() {}, all() {} };
  for (const store of [five, undefined, null, {}]) {
    expect(() => storageAdapter(store as never)).toThrow(TypeError);
  }
});
