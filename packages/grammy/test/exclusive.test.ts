import { expect, test } from '@jest/globals';
import { Conversations } from '@sessions/core';
import { exclusiveRuns } from '@sessions/lease';
import { MemorySessionStore } from '@sessions/memory';
import {
  type Context,
  enhanceStorage,
  type SessionFlavor,
  session as sessionOfGrammy,
} from 'grammy';
import { type ConversationFlavor, conversation, session, storageAdapter } from '../src/index.ts';
import { describeStores, listed, message, newBot, poll } from './support.ts';

interface Counter {
  count: number;
}
type MyContext = Context & SessionFlavor<Counter>;

const initial = () => ({ count: 0 });
const CONFLICT = { error: { code: 'CONFLICT', outcome: 'not-applied' } };

describeStores((open) => {
  test('100 messages at once keep 100 of 100 increments of ctx.session', async () => {
    const store = open();
    const bots = [1, 2].map(() => {
      const bot = newBot<MyContext>();
      bot.use(session({ store, initial, exclusive: { wait: 60_000 } }));
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
    const store = open();
    const bot = newBot<MyContext>();
    const another = async (id: string) => {
      await store.update(id, () => ({ by: 'another process' }));
    };
    bot.use(session({ store, initial, exclusive: true }));
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
    const store = open();
    const bot = newBot<MyContext>();
    bot.use(session({ store, initial, exclusive: true }));
    bot.on('message:text', async (ctx) => {
      ctx.session.count++;
      if (ctx.message.text === 'log out') await store.destroy('7');
    });
    await bot.handleUpdate(message('Hi'));
    await expect(bot.handleUpdate(message('log out'))).rejects.toMatchObject(CONFLICT);
    expect(await store.read('7')).toBeNull();
  });

  test('reads and writes of one run follow each other', async () => {
    const store = open();
    const storage = storageAdapter<Counter>(store);
    const bot = newBot<MyContext>();
    bot.use(session({ store, initial, exclusive: true }));
    bot.on('message', async (ctx) => {
      ctx.session.count++;
      await storage.write('7', { count: 10 });
      await storage.delete('7');
      await storage.write('7', { count: 20 });
    });
    await bot.handleUpdate(message('Hi'));
    expect(await storage.read('7')).toEqual({ count: 1 });
  });

  test('several sessions, and one that is enhanced, stand behind an exclusive conversation', async () => {
    const [one, other, conversations] = [open(), open(), open()];
    type Sessions = { one: Counter; other: Counter };
    const bot = newBot<Context & SessionFlavor<Sessions> & ConversationFlavor>();
    const storage = enhanceStorage<Counter>({
      storage: storageAdapter(other),
      millisecondsToLive: 60_000,
    });
    bot.use(conversation(conversations, { exclusive: { wait: 60_000 } }));
    bot.use(
      sessionOfGrammy<Sessions, Context>({
        type: 'multi',
        one: { initial, storage: storageAdapter(one) },
        other: { initial, storage },
      }),
    );
    bot.on('message:text', async (ctx) => {
      await new Promise(setImmediate);
      ctx.session.one.count++;
      ctx.session.other.count += 10;
      if (ctx.message.text === 'lost') await other.update('7', () => ({ by: 'another process' }));
    });
    await Promise.all(Array.from({ length: 20 }, () => bot.handleUpdate(message('Hi'))));
    expect((await one.read('7'))?._state).toEqual({ count: 20 });
    expect(await storage.read('7')).toEqual({ count: 200 });
    await expect(bot.handleUpdate(message('lost'))).rejects.toMatchObject(CONFLICT);
    expect(await other.read('7')).toEqual({ by: 'another process' });
  });

  test('what it keeps beside the sessions is none', async () => {
    const store = open();
    const bot = newBot<MyContext>();
    bot.use(session({ store, initial, prefix: 'bot:', exclusive: true }));
    bot.on('message', (ctx) => {
      ctx.session.count++;
    });
    await bot.handleUpdate(message('Hi'));
    expect((await listed(store.ids())).toSorted()).toEqual(['bot:7', 'lease:bot:7']);
    const storage = storageAdapter<Counter>(store);
    expect(await listed(storage.readAllKeys())).toEqual(['bot:7']);
    expect(await listed(storage.readAllValues())).toEqual([{ count: 1 }]);
    expect(await listed(storage.readAllEntries())).toEqual([['bot:7', { count: 1 }]]);
  });
});

test('other keys run meanwhile, and what has no key at all', async () => {
  const bot = newBot<MyContext>();
  const order: string[] = [];
  let end = () => {};
  bot.use(session({ store: new MemorySessionStore(), initial, exclusive: true }));
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
  const store = new MemorySessionStore();
  await store.write('lease:7', { token: 'of another process', fence: 1 });
  const bot = newBot<MyContext>();
  bot.use(session({ store, initial, exclusive: { wait: 0 } }));
  bot.use(() => {
    throw new Error('it ran');
  });
  await expect(bot.handleUpdate(message('Hi'))).rejects.toMatchObject(CONFLICT);
});

test('getSessionKey chooses whose turn it is', async () => {
  const [store, leases] = [new MemorySessionStore(), new MemorySessionStore()];
  await leases.write('lease:user:7', { token: 'of another process', fence: 1 });
  const bot = newBot<MyContext>();
  const getSessionKey = async (ctx: Omit<MyContext, 'session'>) =>
    ctx.from && `user:${ctx.from.id}`;
  bot.use(session({ store, initial, getSessionKey, exclusive: { leases, wait: 0 } }));
  bot.on('message', (ctx) => {
    ctx.session.count++;
  });
  await expect(bot.handleUpdate(message('Hi'))).rejects.toMatchObject(CONFLICT);
  await bot.handleUpdate(message('Hi', 8, 7));
  expect(await store.all()).toEqual([{ id: 'user:8', _state: { count: 1 } }]);
});

test('an event outside an update waits by exclusiveRuns for the handler', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<MyContext>();
  bot.use(session({ store, initial, exclusive: true }));
  const outside = new Conversations(store, initial(), { exclusive: exclusiveRuns(store) });
  let later: Promise<unknown> | undefined;
  bot.use(async (ctx) => {
    later = outside.run('7', (found) => found.setState(({ count }) => ({ count: count + 1 })));
    await new Promise(setImmediate);
    ctx.session.count++;
  });
  await bot.handleUpdate(message('Hi'));
  await later;
  expect((await store.read('7'))?._state).toEqual({ count: 2 });
});

test('without exclusive it is the session() of grammY on the store', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<MyContext>();
  bot.use(session({ store, initial }));
  bot.on('message', async (ctx) => {
    await new Promise(setImmediate);
    ctx.session.count++;
  });
  await Promise.all(Array.from({ length: 20 }, () => bot.handleUpdate(message('Hi'))));
  expect(await store.all()).toEqual([{ id: '7', _state: { count: 1 } }]);
});

test('wrong arguments are refused', () => {
  const store = new MemorySessionStore();
  const refused = (options: object, message?: RegExp) => {
    expect(() => session(options as never)).toThrow(TypeError);
    if (message) expect(() => session(options as never)).toThrow(message);
  };
  refused({ initial });
  refused({ store: {} });
  refused({ store, storage: storageAdapter(store) }, /has no option storage; did you mean store/);
  refused({ store, exclusiv: true }, /has no option exclusiv/);
  refused({ store, exclusive: { waits: 1 } }, /did you mean wait/);
  refused({ store, exclusive: () => {} });
});
