import { expect, test } from '@jest/globals';
import { Conversations } from '@sessions/core';
import { exclusiveRuns } from '@sessions/lease';
import { MemorySessionStore } from '@sessions/memory';
import type { Context } from 'telegraf';
import { session, storageAdapter } from '../src/index.ts';
import { channelPost, describeStores, message, newBot } from './support.ts';

interface Counter {
  count: number;
}
type MyContext = Context & { session: Counter };

const initial = () => ({ count: 0 });
const CONFLICT = { code: 'CONFLICT', outcome: 'not-applied' };

describeStores((open) => {
  test('100 messages at once keep 100 of 100 increments of ctx.session', async () => {
    const store = open();
    const bots = [1, 2].map(() => {
      const bot = newBot<MyContext>();
      bot.use(session({ store, defaultSession: initial, exclusive: { wait: 60_000 } }));
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
    const store = open();
    const bot = newBot<MyContext>();
    const another = async (id: string) => {
      await store.update(id, () => ({ by: 'another process' }));
    };
    bot.use(session({ store, defaultSession: initial, exclusive: true }));
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
    const store = open();
    const bot = newBot<MyContext>();
    bot.use(session({ store, defaultSession: initial, exclusive: true }));
    bot.use(async (ctx) => {
      ctx.session.count++;
      if (ctx.text === 'log out') await store.destroy('7:7');
    });
    await bot.handleUpdate(message('Hi'));
    await expect(bot.handleUpdate(message('log out'))).rejects.toMatchObject(CONFLICT);
    expect(await store.read('7:7')).toBeNull();
  });

  test('reads and writes of one run follow each other', async () => {
    const store = open();
    const storage = storageAdapter<Counter>(store);
    const bot = newBot<MyContext>();
    bot.use(session({ store, exclusive: true }));
    bot.use(async () => {
      const found = await storage.get('7');
      await storage.set('7', { count: 10 });
      await storage.delete('7');
      await storage.set('7', { count: (found?.count ?? 0) + 1 });
    });
    for (const text of ['one', 'two']) await bot.handleUpdate(message(text));
    expect(await storage.get('7')).toEqual({ count: 2 });
  });

  test('several sessions of a chat', async () => {
    const [one, other] = [open(), open()];
    const bot = newBot<Context & { one: Counter; other: Counter }>();
    const exclusive = { wait: 60_000 };
    bot.use(session({ store: one, property: 'one', defaultSession: initial, exclusive }));
    bot.use(session({ store: other, property: 'other', defaultSession: initial }));
    bot.use(async (ctx) => {
      await new Promise(setImmediate);
      ctx.one.count++;
      ctx.other.count += 10;
    });
    await Promise.all(Array.from({ length: 20 }, () => bot.handleUpdate(message('Hi'))));
    expect((await one.read('7:7'))?._state).toEqual({ count: 20 });
    expect((await other.read('7:7'))?._state).toEqual({ count: 200 });
  });
});

test('other keys run meanwhile, and what has no key at all', async () => {
  const bot = newBot<MyContext>();
  const order: string[] = [];
  let end = () => {};
  bot.use(session({ store: new MemorySessionStore(), exclusive: true }));
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
  const store = new MemorySessionStore();
  await store.write('lease:7:7', { token: 'of another process', fence: 1 });
  const bot = newBot<MyContext>();
  bot.use(session({ store, exclusive: { wait: 0 } }));
  bot.use(() => {
    throw new Error('it ran');
  });
  await expect(bot.handleUpdate(message('Hi'))).rejects.toMatchObject(CONFLICT);
});

test('getSessionKey chooses whose turn it is', async () => {
  const [store, leases] = [new MemorySessionStore(), new MemorySessionStore()];
  await leases.write('lease:user:7', { token: 'of another process', fence: 1 });
  const bot = newBot<MyContext>();
  const getSessionKey = async (ctx: Context) => ctx.from && `user:${ctx.from.id}`;
  bot.use(session({ store, getSessionKey, exclusive: { leases, wait: 0 } }));
  bot.use((ctx) => {
    ctx.session = { count: 1 };
  });
  await expect(bot.handleUpdate(message('Hi'))).rejects.toMatchObject(CONFLICT);
  await bot.handleUpdate(message('Hi', 8, 7));
  expect(await store.all()).toEqual([{ id: 'user:8', _state: { count: 1 } }]);
});

test('an event outside an update waits by exclusiveRuns for the handler', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<MyContext>();
  bot.use(session({ store, defaultSession: initial, exclusive: true }));
  const outside = new Conversations(store, initial(), { exclusive: exclusiveRuns(store) });
  let later: Promise<unknown> | undefined;
  bot.use(async (ctx) => {
    later = outside.run('7:7', (found) => found.setState(({ count }) => ({ count: count + 1 })));
    await new Promise(setImmediate);
    ctx.session.count++;
  });
  await bot.handleUpdate(message('Hi'));
  await later;
  expect((await store.read('7:7'))?._state).toEqual({ count: 2 });
});

test('without exclusive it is the session() of Telegraf on the store', async () => {
  const store = new MemorySessionStore();
  const bots = [newBot<MyContext>(), newBot<MyContext>()];
  for (const bot of bots) {
    bot.use(session({ store, defaultSession: initial }));
    bot.use(async (ctx) => {
      await new Promise(setImmediate);
      ctx.session.count++;
    });
  }
  await Promise.all(Array.from({ length: 20 }, (_, n) => bots[n % 2]?.handleUpdate(message('Hi'))));
  expect(await store.all()).toEqual([{ id: '7:7', _state: { count: 10 } }]);
});

test('wrong arguments are refused', () => {
  const store = new MemorySessionStore();
  const refused = (options: object, message?: RegExp) => {
    expect(() => session(options as never)).toThrow(TypeError);
    if (message) expect(() => session(options as never)).toThrow(message);
  };
  refused({ store: {} });
  refused({ store, initial }, /has no option initial/);
  refused({ store, exclusive: { waits: 1 } }, /did you mean wait/);
  refused({ store, exclusive: () => {} });
});
