// Checked by the compiler alone: `tsc -p test`.
import type { FullSessionStore, SessionStore } from '@sessions/core';
import { expectTypeOf } from 'expect-type';
import {
  type Context,
  session as sessionOfTelegraf,
  Telegraf,
  type SessionStore as TelegrafStore,
} from 'telegraf';
import { type ConversationFlavor, conversation, session, storageAdapter } from '../src/index.ts';

interface Profile {
  nickname: string | null;
  visits: number;
}

type MyContext = Context & ConversationFlavor<Profile>;

export function typedByTheFlavor(store: SessionStore): void {
  const bot = new Telegraf<MyContext>('');
  bot.use(conversation(store, { initial: () => ({ nickname: null, visits: 0 }) }));
  bot.use(conversation(store));
  bot.use((ctx) => {
    expectTypeOf(ctx.conversation.state.nickname).toEqualTypeOf<string | null>();
    ctx.conversation.setState({ nickname: ctx.text ?? null });
    ctx.conversation.setState(({ visits }) => ({ visits: visits + 1 }));
    ctx.conversation.resetState();
    // @ts-expect-error: no such member
    ctx.conversation.setState({ nickName: 'Tim' });
    // @ts-expect-error: of another type
    ctx.conversation.setState({ visits: '1' });
    // @ts-expect-error: the state is set by setState only
    ctx.conversation.state.visits++;
    // @ts-expect-error: it is the middleware that sets it
    ctx.conversation = null;
  });
  // @ts-expect-error: a member is missing
  bot.use(conversation(store, { initial: () => ({ visits: 0 }) }));
  // @ts-expect-error: of another type
  bot.use(conversation(store, { initial: () => ({ nickname: null, visits: '' }) }));
  // @ts-expect-error: a function
  bot.use(conversation(store, { initial: { nickname: null, visits: 0 } }));
  // @ts-expect-error: elsewhere than the flavor says
  bot.use(conversation(store, { initial: () => ({}), property: 'memory' }));
  const alone = conversation<MyContext>(store, { initial: () => ({ nickname: null, visits: 0 }) });
  bot.use(alone);
}

export function keys(store: FullSessionStore): void {
  interface Known extends MyContext {
    readonly person: string;
  }
  const bot = new Telegraf<Known>('');
  bot.use(conversation(store, { getSessionKey: (ctx) => ctx.from?.id.toString() }));
  bot.use(conversation(store, { getSessionKey: async (ctx: Known) => ctx.person }));
  bot.use(conversation(store, { exclusive: true }));
  bot.use(conversation(store, { exclusive: { leases: store, ttl: 1000, wait: 1000 } }));
  // @ts-expect-error: text, not a number
  bot.use(conversation(store, { getSessionKey: (ctx) => ctx.from?.id }));
}

export function elsewhere(store: SessionStore): void {
  const bot = new Telegraf<Context & ConversationFlavor<Profile, 'memory'>>('');
  const initial = () => ({ nickname: null, visits: 0 });
  bot.use(conversation(store, { initial, property: 'memory' }));
  bot.on('message', (ctx) => {
    expectTypeOf(ctx.memory.state.nickname).toEqualTypeOf<string | null>();
  });
  // @ts-expect-error: the flavor says elsewhere
  bot.use(conversation(store, { initial }));
}

export function storages(store: FullSessionStore, five: SessionStore): void {
  expectTypeOf(storageAdapter<Profile>(store)).toExtend<TelegrafStore<Profile>>();
  const bot = new Telegraf<Context & { session: Profile }>('');
  const initial = () => ({ nickname: null, visits: 0 });
  bot.use(sessionOfTelegraf({ defaultSession: initial, store: storageAdapter<Profile>(store) }));
  // @ts-expect-error: it needs update
  storageAdapter(five);
}

export function sessions(store: FullSessionStore): void {
  interface Known extends Context {
    session: Profile;
    other: number;
    readonly person: string;
  }
  const bot = new Telegraf<Known>('');
  const initial = () => ({ nickname: null, visits: 0 });
  bot.use(session({ store, defaultSession: initial }));
  bot.use(session({ store, defaultSession: initial, exclusive: true }));
  bot.use(session({ store, exclusive: { wait: 1000, leases: store } }));
  bot.use(session({ store, property: 'other', defaultSession: () => 0 }));
  bot.use(session({ store, getSessionKey: (ctx: Known) => ctx.person }));
  // @ts-expect-error: a member is missing
  bot.use(session({ store, defaultSession: () => ({ visits: 0 }) }));
  // @ts-expect-error: no store
  bot.use(session({ defaultSession: initial }));
  // @ts-expect-error: no such option
  bot.use(session({ store, exclusive: { waits: 1 } }));
}
