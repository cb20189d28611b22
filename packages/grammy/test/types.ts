// Checked by the compiler alone: `tsc -p test`.
import type { FullSessionStore, SessionStore } from '@sessions/core';
import { expectTypeOf } from 'expect-type';
import {
  Bot,
  type Context,
  type SessionFlavor,
  type StorageAdapter,
  session as sessionOfGrammy,
} from 'grammy';
import { type ConversationFlavor, conversation, session, storageAdapter } from '../src/index.ts';

interface Profile {
  nickname: string | null;
  visits: number;
}

type MyContext = Context & ConversationFlavor<Profile>;

export function typedByTheFlavor(store: SessionStore): void {
  const bot = new Bot<MyContext>('');
  bot.use(conversation(store, { initial: () => ({ nickname: null, visits: 0 }) }));
  bot.use(conversation(store));
  bot.on('message:text', (ctx) => {
    expectTypeOf(ctx.conversation.state.nickname).toEqualTypeOf<string | null>();
    ctx.conversation.setState({ nickname: ctx.message.text });
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
  const bot = new Bot<Known>('');
  bot.use(conversation(store, { getSessionKey: (ctx) => ctx.from?.id.toString() }));
  bot.use(conversation(store, { getSessionKey: async (ctx: Known) => ctx.person }));
  bot.use(conversation(store, { exclusive: true }));
  bot.use(conversation(store, { exclusive: { leases: store, ttl: 1000, wait: 1000 } }));
  // @ts-expect-error: text, not a number
  bot.use(conversation(store, { getSessionKey: (ctx) => ctx.from?.id }));
}

export function elsewhere(store: SessionStore): void {
  const bot = new Bot<Context & ConversationFlavor<Profile, 'memory'>>('');
  const initial = () => ({ nickname: null, visits: 0 });
  bot.use(conversation(store, { initial, property: 'memory' }));
  bot.on('message', (ctx) => {
    expectTypeOf(ctx.memory.state.nickname).toEqualTypeOf<string | null>();
  });
  // @ts-expect-error: the flavor says elsewhere
  bot.use(conversation(store, { initial }));
}

export function storages(store: FullSessionStore, five: SessionStore): void {
  expectTypeOf(storageAdapter<Profile>(store)).toExtend<StorageAdapter<Profile>>();
  const bot = new Bot<Context & SessionFlavor<Profile>>('');
  const initial = () => ({ nickname: null, visits: 0 });
  bot.use(sessionOfGrammy({ initial, storage: storageAdapter(store) }));
  // @ts-expect-error: it needs update and the listing
  storageAdapter(five);
}

export function sessions(store: FullSessionStore): void {
  interface Known extends Context, SessionFlavor<Profile> {
    readonly person: string;
  }
  const bot = new Bot<Known>('');
  const initial = () => ({ nickname: null, visits: 0 });
  bot.use(session({ store, initial }));
  bot.use(session({ store, initial, exclusive: true, prefix: 'bot:' }));
  bot.use(session({ store, initial, exclusive: { wait: 1000, leases: store } }));
  bot.use(session({ store, initial, getSessionKey: (ctx) => ctx.person }));
  // @ts-expect-error: a member is missing
  bot.use(session({ store, initial: () => ({ visits: 0 }) }));
  // @ts-expect-error: no store
  bot.use(session({ initial }));
  // @ts-expect-error: no such option
  bot.use(session({ store, initial, exclusive: { waits: 1 } }));
}
