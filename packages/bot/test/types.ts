// Checked by the compiler alone: `tsc -p test`.
import type { SessionStore } from '@sessions/core';
import { expectTypeOf } from 'expect-type';
import { Bot, type BotEvent, ConsoleBot, type Context } from '../src/index.ts';

export function asInTheDocuments(sessionStore: SessionStore): void {
  const bot = new ConsoleBot({ sessionStore });
  bot.setInitialState({ asking: false, nickname: null });
  bot.onEvent(async (context) => {
    if (context.state.asking) {
      context.setState({ nickname: context.event.text, asking: false });
      await context.sendText(`Hello ${context.state.nickname}`);
    } else {
      context.resetState();
      context.setState({ asking: true });
      await context.sendText("Hi, what's your nickname?");
    }
  });
}

export function inferredFromTheInitialState(): void {
  const bot = new Bot({ initialState: { asking: false, nickname: null as string | null } });
  bot.onEvent((context) => {
    expectTypeOf(context.state.nickname).toEqualTypeOf<string | null>();
    expectTypeOf(context.event).toEqualTypeOf<BotEvent>();
    context.setState({ asking: true });
    context.setState((state) => {
      expectTypeOf(state.asking).toEqualTypeOf<boolean>();
      return { nickname: 'Tim' };
    });
    // @ts-expect-error: no such member
    context.setState({ nickName: 'Tim' });
    // @ts-expect-error: of another type
    context.setState({ asking: 1 });
    // @ts-expect-error: the state is set by setState only
    context.state.asking = true;
    // @ts-expect-error: a state is set at once
    context.setState(async () => ({ asking: true }));
  });
  // @ts-expect-error: a member is missing
  bot.setInitialState({ asking: true });
}

interface MyState {
  count: number;
}

interface GroupEvent extends BotEvent {
  readonly chat: { readonly id: number };
}

interface TelegramUser {
  id: number;
  is_bot: boolean;
}

export function named(user: TelegramUser): void {
  const bot = new Bot<MyState, GroupEvent>({ sessionId: (event) => `chat:${event.chat.id}` });
  bot.setInitialState({ count: 0 }).onEvent((context) => {
    expectTypeOf(context).toEqualTypeOf<Context<MyState, GroupEvent>>();
    expectTypeOf(context.event.chat.id).toEqualTypeOf<number>();
    expectTypeOf(context.event.text).toEqualTypeOf<string | undefined>();
  });
  bot.onError((_error, event) => expectTypeOf(event).toEqualTypeOf<GroupEvent>());
  void bot.handle({ sessionId: 'chat:1', chat: { id: 1 }, user }, (text) => text.length);
  // @ts-expect-error: the event has no chat
  void bot.handle({ sessionId: 'chat:1' }, () => {});

  const inferred = new Bot({
    initialState: { count: 0 },
    sessionId: (event: GroupEvent) => `${event.chat.id}`,
  });
  expectTypeOf(inferred).toEqualTypeOf<Bot<{ count: number }, GroupEvent>>();
}

export function outsideAnEvent(): void {
  const bot = new Bot<MyState>();
  const both = async (context: Context<MyState, BotEvent | null>) => {
    context.setState({ count: context.event ? 1 : 2 });
  };
  bot.onEvent(both);
  const done = bot.withContext('a', async (context) => {
    expectTypeOf(context.event).toEqualTypeOf<null>();
    await both(context);
    return context.state.count;
  });
  expectTypeOf(done).toEqualTypeOf<Promise<number>>();
}

export function typedLines(): void {
  new ConsoleBot({ initialState: { nickname: null as string | null } }).onEvent((context) => {
    expectTypeOf(context.event.text).toEqualTypeOf<string>();
    context.setState({ nickname: context.event.text });
  });
  // @ts-expect-error: the session of a console is one string
  new ConsoleBot({ sessionId: () => 'console:1' });
}
