import {
  type ConversationFlavor,
  conversations,
  createConversation,
  type Conversation as Dialogue,
} from '@grammyjs/conversations';
import { expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import {
  type Context,
  enhanceStorage,
  type LazySessionFlavor,
  lazySession,
  type SessionFlavor,
  session,
} from 'grammy';
import { storageAdapter } from '../src/index.ts';
import { describeStores, listed, message, newBot, poll } from './support.ts';

interface Pizzas {
  pizzaCount: number;
}

describeStores((open) => {
  test('session(): counts, deletes what is set to null, and keeps what a handler that throws had', async () => {
    const storage = storageAdapter<Pizzas>(open());
    const bot = newBot<Context & SessionFlavor<Pizzas>>();
    const seen: number[] = [];
    bot.use(session({ initial: () => ({ pizzaCount: 0 }), storage }));
    bot.hears('more', (ctx) => {
      seen.push(ctx.session.pizzaCount++);
    });
    bot.hears('none', (ctx) => {
      ctx.session = null as never;
    });
    bot.hears('fail', (ctx) => {
      ctx.session.pizzaCount = 99;
      throw new Error('in the handler');
    });
    for (const text of ['more', 'more']) await bot.handleUpdate(message(text));
    await expect(bot.handleUpdate(message('fail'))).rejects.toThrow('in the handler');
    expect(await storage.read('7')).toEqual({ pizzaCount: 2 });
    await bot.handleUpdate(message('more', 8));
    await bot.handleUpdate(message('none'));
    expect(await listed(storage.readAllKeys())).toEqual(['8']);
    await bot.handleUpdate(message('more'));
    expect(seen).toEqual([0, 1, 0, 0]);
  });

  test('session() of strings', async () => {
    const bot = newBot<Context & SessionFlavor<string>>();
    const storage = storageAdapter<string>(open());
    bot.use(session({ initial: () => 'test', storage }));
    bot.hears('edit', (ctx) => {
      ctx.session = `${ctx.session} edited`;
    });
    for (const text of ['edit', 'edit']) await bot.handleUpdate(message(text));
    expect(await storage.read('7')).toBe('test edited edited');
  });

  test('lazySession() asks the store only when the session is touched', async () => {
    const store = open();
    const bot = newBot<Context & LazySessionFlavor<Pizzas>>();
    bot.use(lazySession({ initial: () => ({ pizzaCount: 0 }), storage: storageAdapter(store) }));
    bot.hears('more', async (ctx) => {
      const pizzas = await ctx.session;
      pizzas.pizzaCount++;
    });
    for (const text of ['more', 'more']) await bot.handleUpdate(message(text));
    expect((await store.read('7'))?._state).toEqual({ pizzaCount: 2 });
    await store.close();
    await bot.handleUpdate(message('something else'));
    await expect(bot.handleUpdate(message('more'))).rejects.toMatchObject({
      error: { code: 'CLOSED' },
    });
  });

  test('multi sessions, each in a store of its own', async () => {
    const [chats, users] = [open(), open()];
    interface Both {
      chat: Pizzas;
      user: string;
    }
    const bot = newBot<Context & SessionFlavor<Both>>();
    bot.use(
      session<Both, Context>({
        type: 'multi',
        chat: { initial: () => ({ pizzaCount: 0 }), storage: storageAdapter(chats) },
        user: {
          initial: () => '',
          storage: storageAdapter(users),
          getSessionKey: (ctx) => ctx.from?.id.toString(),
        },
      }),
    );
    bot.on('message:text', (ctx) => {
      ctx.session.chat.pizzaCount++;
      ctx.session.user += ctx.message.text;
    });
    await bot.handleUpdate(message('a', 7, 100));
    await bot.handleUpdate(message('b', 8, 100));
    await bot.handleUpdate(message('c', 7, 100));
    expect(await listed(storageAdapter(chats).readAllEntries())).toEqual([
      ['100', { pizzaCount: 3 }],
    ]);
    const texts = new Map(await listed(storageAdapter(users).readAllEntries()));
    expect(texts).toEqual(new Map([...Object.entries({ 7: 'ac', 8: 'b' })]));
  });

  test('enhanceStorage(): migrations and its own lifetimes', async () => {
    const store = open();
    const bare = storageAdapter<Pizzas>(store);
    await bare.write('7', { pizzaCount: 4 }); // before there were migrations
    const enhanced = enhanceStorage<{ slices: number }>({
      storage: storageAdapter(store),
      migrations: { 1: ({ pizzaCount }: Pizzas) => ({ slices: 8 * pizzaCount }) },
      millisecondsToLive: 60_000,
    });
    expect(await enhanced.read('7')).toEqual({ slices: 32 });
    const bot = newBot<Context & SessionFlavor<{ slices: number }>>();
    bot.use(session({ initial: () => ({ slices: 0 }), storage: enhanced }));
    bot.on('message', (ctx) => {
      ctx.session.slices++;
    });
    await bot.handleUpdate(message('one'));
    expect(await enhanced.read('7')).toEqual({ slices: 33 });

    const expired = { __d: { slices: 1 }, v: 1, e: 1 };
    await storageAdapter(store).write('7', expired);
    expect(await enhanced.read('7')).toBeUndefined();
    expect(await bare.read('7')).toBeUndefined();
  });

  test('@grammyjs/conversations goes on after a restart', async () => {
    const store = open();
    const said: string[] = [];
    type Outer = ConversationFlavor<Context>;
    async function greet(dialogue: Dialogue<Outer, Context>) {
      const name = await dialogue.waitFor('message:text');
      const town = await dialogue.waitFor('message:text');
      await dialogue.external(() => said.push(`${name.message.text} of ${town.message.text}`));
    }
    const started = () => {
      const bot = newBot<Outer>();
      const adapter = storageAdapter<never>(store);
      bot.use(conversations({ storage: { type: 'key', prefix: 'dialogue:', adapter } }));
      bot.use(createConversation(greet));
      bot.command('start', (ctx) => ctx.conversation.enter('greet'));
      return bot;
    };
    const command = message('/start');
    Object.assign(command.message ?? {}, {
      entities: [{ type: 'bot_command', offset: 0, length: 6 }],
    });
    await started().handleUpdate(command);
    expect(await listed(store.ids())).toEqual(['dialogue:7']);
    await started().handleUpdate(message('Ada'));
    await started().handleUpdate(message('London'));
    expect(said).toEqual(['Ada of London']);
    expect(await listed(store.ids())).toEqual([]);
  });
});

test('an update without a key touches no session', async () => {
  const store = new MemorySessionStore();
  const bot = newBot<Context & SessionFlavor<Pizzas>>();
  bot.use(session({ initial: () => ({ pizzaCount: 0 }), storage: storageAdapter(store) }));
  await bot.handleUpdate(poll());
  expect(await store.all()).toEqual([]);
});
