import { expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { type Context, lazySession, type SessionFlavor, session } from 'grammy';
import { exclusive, storageAdapter } from '../src/index.ts';
import { describeStores, message, newBot, poll } from './support.ts';

interface Counter {
  count: number;
}
type MyContext = Context & SessionFlavor<Counter>;

const initial = () => ({ count: 0 });
const CONFLICT = { error: { code: 'CONFLICT', outcome: 'not-applied' } };

describeStores((open) => {
  test('100 messages at once keep 100 of 100 increments of ctx.session', async () => {
    const [store, leases] = [open(), open()];
    const bots = [1, 2].map(() => {
      const bot = newBot<MyContext>();
      bot.use(exclusive(leases, { wait: 60_000 }));
      bot.use(session({ initial, storage: storageAdapter(store) }));
      bot.on('message', async (ctx) => {
        await new Promise(setImmediate);
        ctx.session.count++;
      });
      return bot;
    });
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => bots[n % 2]?.handleUpdate(message('Hi'))),
    );
    expect((await store.read('7'))?._state).toEqual({ count: 100 });
  });

  test('who has lost the lease overwrites nothing', async () => {
    const [store, leases] = [open(), open()];
    const bot = newBot<MyContext>();
    const another = async (id: string) => {
      await store.update(id, () => ({ by: 'another process' }));
    };
    bot.use(exclusive(leases), session({ initial, storage: storageAdapter(store) }));
    bot.on('message:text', async (ctx) => {
      ctx.session.count++;
      if (ctx.message.text === 'delete') ctx.session = null as never;
      if (ctx.message.text !== 'alone') await another(`${ctx.chatId}`);
    });
    for (const [from, text] of [
      [1, 'new'],
      [2, 'old'],
      [3, 'delete'],
    ] as const) {
      if (text !== 'new') await bot.handleUpdate(message('alone', from));
      await expect(bot.handleUpdate(message(text, from))).rejects.toMatchObject(CONFLICT);
      expect(await store.read(`${from}`)).toEqual({ by: 'another process' });
    }
  });

  test('nor what was destroyed meanwhile', async () => {
    const [store, leases] = [open(), open()];
    const bot = newBot<MyContext>();
    bot.use(exclusive(leases), session({ initial, storage: storageAdapter(store) }));
    bot.on('message:text', async (ctx) => {
      ctx.session.count++;
      if (ctx.message.text === 'log out') await store.destroy('7');
    });
    await bot.handleUpdate(message('Hi'));
    await expect(bot.handleUpdate(message('log out'))).rejects.toMatchObject(CONFLICT);
    expect(await store.read('7')).toBeNull();
  });

  test('reads and writes of one run follow each other', async () => {
    const [store, leases] = [open(), open()];
    const storage = storageAdapter<Counter>(store);
    const bot = newBot<MyContext>();
    bot.use(exclusive(leases), lazySession({ initial, storage }) as never);
    bot.on('message', async (ctx) => {
      (await ctx.session).count++;
      await storage.write('7', { count: 10 });
      await storage.delete('7');
      await storage.write('7', { count: 20 });
    });
    await bot.handleUpdate(message('Hi'));
    expect(await storage.read('7')).toEqual({ count: 1 });
  });

  test('stores of one key are told apart', async () => {
    const [one, other, leases] = [open(), open(), open()];
    const bot = newBot<Context & SessionFlavor<{ one: Counter; other: Counter }>>();
    bot.use(exclusive(leases));
    bot.use(
      session<{ one: Counter; other: Counter }, Context>({
        type: 'multi',
        one: { initial, storage: storageAdapter(one) },
        other: { initial, storage: storageAdapter(other) },
      }),
    );
    bot.on('message', (ctx) => {
      ctx.session.one.count++;
    });
    for (const text of ['one', 'two']) await bot.handleUpdate(message(text));
    expect((await one.read('7'))?._state).toEqual({ count: 2 });
  });
});

test('other keys run meanwhile, and what has no key at all', async () => {
  const bot = newBot<Context>();
  const order: string[] = [];
  let end = () => {};
  bot.use(exclusive(new MemorySessionStore()));
  bot.on('message:text', async (ctx) => {
    if (ctx.message.text === 'slow') {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    }
    order.push(ctx.message.text);
  });
  bot.on('poll', () => {
    order.push('poll');
  });
  const slow = bot.handleUpdate(message('slow'));
  const next = bot.handleUpdate(message('next'));
  await bot.handleUpdate(message('other', 8));
  await bot.handleUpdate(poll());
  end();
  await Promise.all([slow, next]);
  expect(order).toEqual(['other', 'poll', 'slow', 'next']);
});

test('a turn that does not come in time is CONFLICT, and nothing runs', async () => {
  const leases = new MemorySessionStore();
  await leases.write('7', { token: 'of another process', fence: 1 });
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
