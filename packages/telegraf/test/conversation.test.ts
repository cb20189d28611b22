import { expect, test } from '@jest/globals';
import { Conversations, type Session, type SessionStore } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { type Context, session } from 'telegraf';
import { type ConversationFlavor, conversation, storageAdapter } from '../src/index.ts';
import { channelPost, describeStores, message, newBot } from './support.ts';

interface Counter {
  count: number;
}
type MyContext = Context & ConversationFlavor<Counter>;

const initial = () => ({ count: 0 });

function countingBot(store: SessionStore) {
  const bot = newBot<MyContext>();
  bot.use(conversation(store, { initial }));
  bot.hears('more', async (ctx) => {
    await new Promise(setImmediate);
    ctx.conversation.setState(({ count }) => ({ count: count + 1 }));
  });
  return bot;
}

const times = <T>(count: number, make: (n: number) => T) =>
  Array.from({ length: count }, (_, n) => make(n));

describeStores((open) => {
  test('100 messages at once keep 100 of 100 increments', async () => {
    const store = open();
    const bot = countingBot(store);
    await Promise.all(times(100, () => bot.handleUpdate(message('more'))));
    expect(await store.read('7:7')).toEqual({ id: '7:7', _state: { count: 100 } });
  });

  test('so do two bots on one store', async () => {
    const store = open();
    const bots = [countingBot(store), countingBot(store)];
    await Promise.all(times(100, (n) => bots[n % 2]?.handleUpdate(message('more'))));
    expect((await store.read('7:7'))?._state).toEqual({ count: 100 });
  });

  test('the state is read, set, and reset', async () => {
    const bot = newBot<Context & ConversationFlavor<{ name: string | null; n: number }>>();
    const store = open();
    const seen: unknown[] = [];
    bot.use(conversation(store, { initial: () => ({ name: null as string | null, n: 0 }) }));
    bot.hears('forget', (ctx) => ctx.conversation.resetState());
    bot.use((ctx) => {
      seen.push(ctx.conversation.state);
      ctx.conversation.setState({ name: ctx.text ?? null });
      ctx.conversation.setState(({ n }) => ({ n: n + 1 }));
      seen.push(ctx.conversation.state);
    });
    for (const text of ['Ada', 'forget', 'Bea']) await bot.handleUpdate(message(text));
    expect(seen).toEqual([
      { name: null, n: 0 },
      { name: 'Ada', n: 1 },
      { name: null, n: 0 },
      { name: 'Bea', n: 1 },
    ]);
  });

  test('a handler that throws stores nothing, and its error reaches the bot', async () => {
    const store = open();
    const bot = countingBot(store);
    bot.hears('fail', (ctx) => {
      ctx.conversation.setState({ count: 99 });
      throw new Error('in the handler');
    });
    await bot.handleUpdate(message('more'));
    await expect(bot.handleUpdate(message('fail'))).rejects.toThrow('in the handler');
    expect((await store.read('7:7'))?._state).toEqual({ count: 1 });
  });

  test('a store that fails is no new user', async () => {
    const store = open();
    const bot = countingBot(store);
    await bot.handleUpdate(message('more'));
    await store.close();
    let handled = false;
    bot.use(() => {
      handled = true;
    });
    await expect(bot.handleUpdate(message('two'))).rejects.toMatchObject({ code: 'CLOSED' });
    expect(handled).toBe(false);
  });

  test('goes on with what session() has stored, and the other way round', async () => {
    const store = open();
    await countingBot(store).handleUpdate(message('more'));
    const bot = newBot<Context & { session: Counter }>();
    bot.use(session({ defaultSession: initial, store: storageAdapter<Counter>(store) }));
    bot.on('message', (ctx) => {
      ctx.session.count += 10;
    });
    await bot.handleUpdate(message('ten'));
    await countingBot(store).handleUpdate(message('more'));
    expect(await store.read('7:7')).toEqual({ id: '7:7', _state: { count: 12 } });
  });

  test('one of five methods will do', async () => {
    const full = open();
    const five: SessionStore = {
      init: async () => five,
      read: (id: string) => full.read(id),
      write: (id: string, value: Session) => full.write(id, value),
      destroy: (id: string) => full.destroy(id),
      all: () => full.all(),
    } as SessionStore;
    const bot = countingBot(five);
    await Promise.all(times(20, () => bot.handleUpdate(message('more'))));
    expect((await full.read('7:7'))?._state).toEqual({ count: 20 });
  });
});

test('an update without a key passes through, and has no conversation to touch', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<MyContext>();
  bot.use(conversation(store, { initial }));
  const passed: string[] = [];
  bot.on('channel_post', (ctx) => {
    passed.push(ctx.chat.type);
    expect(() => ctx.conversation.state).toThrow('this update has no conversation');
    expect(() => ctx.conversation.setState({ count: 1 })).toThrow(TypeError);
  });
  await bot.handleUpdate(channelPost());
  expect(passed).toEqual(['channel']);
  expect(await store.all()).toEqual([]);
});

test('getSessionKey chooses the session, and may take its time', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<MyContext>();
  bot.use(
    conversation(store, {
      initial,
      getSessionKey: async (ctx) => ctx.from && `telegram:${ctx.from.id}`,
    }),
  );
  bot.on('message', (ctx) => ctx.conversation.setState(({ count }) => ({ count: count + 1 })));
  for (const chat of [7, 100, 200]) await bot.handleUpdate(message('Hi', 7, chat));
  expect(await store.all()).toEqual([{ id: 'telegram:7', _state: { count: 3 } }]);
});

test('a second one, with keys of its own, takes over behind the first', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<MyContext>();
  bot.use(conversation(store, { initial }));
  bot.use(conversation(store, { initial, getSessionKey: () => 'all' }));
  bot.use((ctx) => ctx.conversation.setState(({ count }) => ({ count: count + 1 })));
  for (const update of [message('Hi'), channelPost()]) await bot.handleUpdate(update);
  expect(await store.all()).toEqual([{ id: 'all', _state: { count: 2 } }]);
});

test('initial is asked for each update, and never shared', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<Context & ConversationFlavor<{ since: number }>>();
  let clock = 0;
  bot.use(conversation(store, { initial: () => ({ since: ++clock }) }));
  const seen: number[] = [];
  bot.on('message', (ctx) => {
    seen.push(ctx.conversation.state.since);
  });
  clock = 10;
  await bot.handleUpdate(message('Hi'));
  await bot.handleUpdate(message('Hi', 8));
  expect(seen).toEqual([11, 12]);
});

test('an event outside a update is in line by Conversations of core', async () => {
  const store = new MemorySessionStore();
  const bot = countingBot(store);
  const outside = new Conversations(store, initial());
  await Promise.all(
    times(100, (n) =>
      n % 2
        ? bot.handleUpdate(message('more'))
        : outside.run('7:7', (found) => found.setState(({ count }) => ({ count: count + 1 }))),
    ),
  );
  expect((await store.read('7:7'))?._state).toEqual({ count: 100 });
});

test('setState after the handler has finished throws', async () => {
  const bot = newBot<MyContext>();
  bot.use(conversation(new MemorySessionStore(), { initial }));
  let late: MyContext | undefined;
  bot.on('message', (ctx) => {
    late = ctx;
  });
  await bot.handleUpdate(message('Hi'));
  expect(() => late?.conversation.setState({ count: 1 })).toThrow('is an `await` missing?');
});

test('exclusive runs the handlers in turn, with a signal, and stores over what was read alone', async () => {
  const store = new MemorySessionStore();
  const bots = [newBot<MyContext>(), newBot<MyContext>()];
  let running = 0;
  for (const bot of bots) {
    bot.use(conversation(store, { initial, exclusive: { wait: 60_000 } }));
    bot.use(async (ctx) => {
      expect(++running).toBe(1);
      expect(ctx.conversation.signal.aborted).toBe(false);
      await new Promise(setImmediate);
      ctx.conversation.setState({ count: ctx.conversation.state.count + 1 });
      if (ctx.text === 'lost') await store.write('7:7', { by: 'another process' });
      running--;
    });
  }
  await Promise.all(times(20, (n) => bots[n % 2]?.handleUpdate(message('Hi'))));
  expect((await store.read('7:7'))?._state).toEqual({ count: 20 });
  await expect(bots[0]?.handleUpdate(message('lost'))).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await store.read('7:7')).toEqual({ by: 'another process' });
});

test('property names another member of the context', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<Context & ConversationFlavor<Counter, 'memory'>>();
  bot.use(conversation(store, { initial, property: 'memory' }));
  bot.use((ctx) => {
    expect('conversation' in ctx).toBe(false);
    ctx.memory.setState(({ count }) => ({ count: count + 1 }));
  });
  for (const text of ['one', 'two']) await bot.handleUpdate(message(text));
  expect((await store.read('7:7'))?._state).toEqual({ count: 2 });
});

test('wrong arguments are refused', () => {
  const store = new MemorySessionStore();
  const refused = (options: object) =>
    expect(() => conversation(store, options)).toThrow(TypeError);
  refused({ intial: initial });
  refused({ initial: { count: 0 } });
  refused({ initial: () => 1 });
  refused({ exclusive: { waits: 1 } });
  refused({ exclusive: () => {} });
  expect(() => conversation({} as SessionStore)).toThrow(TypeError);
});
