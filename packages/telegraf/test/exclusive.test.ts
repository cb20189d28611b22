import { expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { type Context, session } from 'telegraf';
import { exclusive, storageAdapter } from '../src/index.ts';
import { channelPost, describeStores, message, newBot } from './support.ts';

interface Counter {
  count: number;
}
type MyContext = Context & { session: Counter };

const initial = () => ({ count: 0 });
const CONFLICT = { code: 'CONFLICT', outcome: 'not-applied' };

describeStores((open) => {
  test('100 messages at once keep 100 of 100 increments of ctx.session', async () => {
    const [store, leases] = [open(), open()];
    const bots = [1, 2].map(() => {
      const bot = newBot<MyContext>();
      bot.use(exclusive(leases, { wait: 60_000 }));
      bot.use(session({ defaultSession: initial, store: storageAdapter<Counter>(store) }));
      bot.on('message', async (ctx) => {
        await new Promise(setImmediate);
        ctx.session.count++;
      });
      return bot;
    });
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => bots[n % 2]?.handleUpdate(message('Hi'))),
    );
    expect((await store.read('7:7'))?._state).toEqual({ count: 100 });
  });

  test('who has lost the lease overwrites nothing', async () => {
    const [store, leases] = [open(), open()];
    const bot = newBot<MyContext>();
    const another = async (id: string) => {
      await store.update(id, () => ({ by: 'another process' }));
    };
    bot.use(
      exclusive(leases),
      session({ defaultSession: initial, store: storageAdapter<Counter>(store) }),
    );
    bot.use(async (ctx) => {
      ctx.session.count++;
      if (ctx.text === 'delete') ctx.session = null as never;
      if (ctx.text !== 'alone') await another(`${ctx.from?.id}:${ctx.chat?.id}`);
    });
    for (const [from, text] of [
      [1, 'new'],
      [2, 'old'],
      [3, 'delete'],
    ] as const) {
      if (text !== 'new') await bot.handleUpdate(message('alone', from));
      await expect(bot.handleUpdate(message(text, from))).rejects.toMatchObject(CONFLICT);
      expect(await store.read(`${from}:${from}`)).toEqual({ by: 'another process' });
    }
  });

  test('nor what was destroyed meanwhile', async () => {
    const [store, leases] = [open(), open()];
    const bot = newBot<MyContext>();
    bot.use(
      exclusive(leases),
      session({ defaultSession: initial, store: storageAdapter<Counter>(store) }),
    );
    bot.use(async (ctx) => {
      ctx.session.count++;
      if (ctx.text === 'log out') await store.destroy('7:7');
    });
    await bot.handleUpdate(message('Hi'));
    await expect(bot.handleUpdate(message('log out'))).rejects.toMatchObject(CONFLICT);
    expect(await store.read('7:7')).toBeNull();
  });

  test('reads and writes of one run follow each other', async () => {
    const [store, leases] = [open(), open()];
    const storage = storageAdapter<Counter>(store);
    const bot = newBot<Context>();
    bot.use(exclusive(leases));
    bot.use(async () => {
      const found = await storage.get('7');
      await storage.set('7', { count: 10 });
      await storage.delete('7');
      await storage.set('7', { count: (found?.count ?? 0) + 1 });
    });
    for (const text of ['one', 'two']) await bot.handleUpdate(message(text));
    expect(await storage.get('7')).toEqual({ count: 2 });
  });

  test('stores of one key are told apart', async () => {
    const [one, other, leases] = [open(), open(), open()];
    const bot = newBot<Context & { one: Counter; other: Counter }>();
    bot.use(exclusive(leases));
    for (const [property, store] of [
      ['one', one],
      ['other', other],
    ] as const) {
      const options = { property, defaultSession: initial, store: storageAdapter<Counter>(store) };
      bot.use(session(options));
    }
    bot.use((ctx) => {
      ctx.one.count++;
      ctx.other.count += 10;
    });
    for (const text of ['one', 'two']) await bot.handleUpdate(message(text));
    expect((await one.read('7:7'))?._state).toEqual({ count: 2 });
    expect((await other.read('7:7'))?._state).toEqual({ count: 20 });
  });
});

test('other keys run meanwhile, and what has no key at all', async () => {
  const bot = newBot<Context>();
  const order: string[] = [];
  let end = () => {};
  bot.use(exclusive(new MemorySessionStore()));
  bot.use(async (ctx) => {
    if (ctx.text === 'slow') {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    }
    order.push(ctx.text ?? ctx.updateType);
  });
  const slow = bot.handleUpdate(message('slow'));
  const next = bot.handleUpdate(message('next'));
  await bot.handleUpdate(message('other', 8));
  await bot.handleUpdate(channelPost());
  end();
  await Promise.all([slow, next]);
  expect(order).toEqual(['other', 'Hi', 'slow', 'next']);
});

test('a turn that does not come in time is CONFLICT, and nothing runs', async () => {
  const leases = new MemorySessionStore();
  await leases.write('7:7', { token: 'of another process', fence: 1 });
  const bot = newBot<Context>();
  bot.use(exclusive(leases, { wait: 0 }));
  bot.use(() => {
    throw new Error('it ran');
  });
  await expect(bot.handleUpdate(message('Hi'))).rejects.toMatchObject(CONFLICT);
});

test('getSessionKey chooses whose turn it is', async () => {
  const leases = new MemorySessionStore();
  await leases.write('user:7', { token: 'of another process', fence: 1 });
  const bot = newBot<Context>();
  bot.use(
    exclusive(leases, { wait: 0, getSessionKey: (ctx) => ctx.from && `user:${ctx.from.id}` }),
  );
  await expect(bot.handleUpdate(message('Hi'))).rejects.toMatchObject(CONFLICT);
  await bot.handleUpdate(message('Hi', 8, 7));
});

test('wrong arguments are refused', () => {
  expect(() => exclusive({} as never)).toThrow(TypeError);
  expect(() => exclusive(new MemorySessionStore(), { waits: 1 } as never)).toThrow(
    /did you mean wait/,
  );
});
