import { expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { Bot, type BotEvent, ConsoleBot, type Context } from '../src/index.ts';
import { HandWrittenStore, nickname, silent } from './support.ts';

test('the conversation of the original documents, in memory by default', async () => {
  const bot = new Bot().setInitialState({ asking: false, nickname: null }).onEvent(nickname);
  const said: string[] = [];
  for (const text of ['Hi', 'Tim', 'Hi', 'Tom']) {
    await bot.handle({ sessionId: 'test:1', text }, (reply) => said.push(reply));
  }
  expect(said).toEqual([
    "Hi, what's your nickname?",
    'Hello Tim',
    "Hi, what's your nickname?",
    'Hello Tom',
  ]);
});

test('conversations have a state each', async () => {
  const bot = new Bot().setInitialState({ asking: false, nickname: null }).onEvent(nickname);
  const said: string[] = [];
  for (const [sessionId, text] of [
    ['a', 'Hi'],
    ['b', 'Hi'],
    ['b', 'Bea'],
    ['a', 'Ada'],
  ] as const) {
    await bot.handle({ sessionId, text }, (reply) => said.push(`${sessionId}: ${reply}`));
  }
  expect(said.slice(2)).toEqual(['b: Hello Bea', 'a: Hello Ada']);
});

test('what is stored has the fields of the original framework', async () => {
  const sessionStore = new MemorySessionStore();
  const bot = new Bot({
    sessionStore,
    initialState: { count: 0, deep: { a: 1 } },
    now: () => 1234,
  });
  bot.onEvent((context) => context.setState(({ count }) => ({ count: count + 1 })));
  const user = { id: 42, name: 'Tim', is_premium: true };
  await bot.handle({ sessionId: 'telegram:42', platform: 'telegram', user, text: 'Hi' }, silent);
  expect(await sessionStore.read('telegram:42')).toEqual({
    id: 'telegram:42',
    platform: 'telegram',
    user,
    lastActivity: 1234,
    _state: { count: 1, deep: { a: 1 } },
  });
});

test('an event without platform and user leaves those that are stored', async () => {
  const sessionStore = new HandWrittenStore();
  sessionStore.sessions.set('telegram:42', {
    id: 'telegram:42',
    platform: 'telegram',
    user: { id: '42' },
    lastActivity: 1,
    ours: true,
    _state: { count: 7 },
  });
  const bot = new Bot({ sessionStore, initialState: { count: 0 }, now: () => 2 });
  bot.onEvent((context) => context.setState(({ count }) => ({ count: count + 1 })));
  await bot.handle({ sessionId: 'telegram:42' }, silent);
  expect(await sessionStore.read('telegram:42')).toEqual({
    id: 'telegram:42',
    platform: 'telegram',
    user: { id: '42' },
    lastActivity: 2,
    ours: true,
    _state: { count: 8 },
  });
});

test('the handler sees the event, the session as stored, and the state', async () => {
  const sessionStore = new HandWrittenStore();
  const session = { id: 'a', user: { id: '1' }, _state: { count: 7 } };
  sessionStore.sessions.set('a', session);
  const bot = new Bot({ sessionStore, initialState: { count: 0 } });
  const seen: unknown[] = [];
  bot.onEvent((context) => {
    seen.push(context.id, context.event, context.session, context.state);
    context.setState({ count: 8 });
    seen.push(context.state, context.session?._state);
  });
  const event = { sessionId: 'a', text: 'Hi' };
  await bot.handle(event, silent);
  expect(seen).toEqual(['a', event, session, { count: 7 }, { count: 8 }, { count: 7 }]);
});

test('the initial state of one conversation is nobody else’s', async () => {
  const initialState = { list: ['first'] };
  const bot = new Bot({ initialState });
  initialState.list.push('too late');
  const lists: string[][] = [];
  bot.onEvent((context) => {
    lists.push([...context.state.list]);
    context.setState({ list: [...context.state.list, 'more'] });
  });
  for (const sessionId of ['a', 'a', 'b']) await bot.handle({ sessionId }, silent);
  expect(lists).toEqual([['first'], ['first', 'more'], ['first']]);
});

test('the bot chooses the scope of its sessions', async () => {
  interface GroupEvent extends BotEvent {
    readonly user: { readonly id: string };
  }
  const bot = new Bot({
    initialState: { count: 0 },
    sessionId: (event: GroupEvent) => `${event.sessionId}:${event.user.id}`,
  });
  bot.onEvent(async (context) => {
    context.setState(({ count }) => ({ count: count + 1 }));
    await context.sendText(`${context.id} ${context.state.count}`);
  });
  const said: string[] = [];
  for (const id of ['ada', 'bea', 'ada']) {
    await bot.handle({ sessionId: 'group', user: { id } }, (text) => said.push(text));
  }
  expect(said).toEqual(['group:ada 1', 'group:bea 1', 'group:ada 2']);
});

test('sendText resolves when the reply is on its way, and rejects when it fails', async () => {
  const bot = new Bot();
  const order: string[] = [];
  bot.onEvent(async (context) => {
    await context.sendText('Hi');
    order.push('sent');
  });
  await bot.handle({ sessionId: 'a' }, async () => {
    await Promise.resolve();
    order.push('reply');
  });
  expect(order).toEqual(['reply', 'sent']);

  const error = new Error('blocked by the user');
  await expect(bot.handle({ sessionId: 'a' }, () => Promise.reject(error))).rejects.toBe(error);
});

test('a text that is no string is a TypeError, and nothing is sent', async () => {
  const bot = new Bot().onEvent((context) => context.sendText(undefined as never));
  const said: string[] = [];
  const handled = bot.handle({ sessionId: 'a' }, (text) => said.push(text));
  await expect(handled).rejects.toThrow(new TypeError('a text is a string, not undefined'));
  expect(said).toEqual([]);
});

test('a state set after the handler has finished is an error where it is set', async () => {
  const sessionStore = new HandWrittenStore();
  const bot = new Bot({ sessionStore, initialState: { count: 0 } });
  let late: Context<{ count: number }> | undefined;
  bot.onEvent((context) => {
    context.setState({ count: 1 });
    late = context;
  });
  await bot.handle({ sessionId: 'a' }, silent);
  expect(() => late?.setState({ count: 2 })).toThrow(TypeError);
  expect(() => late?.resetState()).toThrow(/await/);
  expect((await sessionStore.read('a'))?._state).toEqual({ count: 1 });
});

test('mistakes of the programmer are TypeErrors that name the fix', async () => {
  const bad = null as never;
  expect(() => new Bot({ sessionStore: {} as never })).toThrow(/no method init/);
  const misspelt = { store: new MemorySessionStore() };
  expect(() => new Bot(misspelt as object)).toThrow(/no option store.*sessionStore/);
  expect(() => new ConsoleBot(misspelt as object)).toThrow(TypeError);
  expect(() => new Bot({ sessionStore: bad })).toThrow(TypeError);
  expect(() => new Bot({ sessionId: 'a' as never })).toThrow(/sessionId must be a function/);
  expect(() => new Bot({ now: 5 as never })).toThrow(/now must be a function/);
  expect(() => new Bot({ initialState: bad })).toThrow(TypeError);
  expect(() => new Bot().setInitialState(bad)).toThrow(TypeError);
  expect(() => new Bot().onEvent(bad)).toThrow(/handler must be a function/);
  expect(() => new Bot().onError(bad)).toThrow(/handler must be a function/);

  const bot = new Bot();
  await expect(bot.handle({ sessionId: 'a' }, silent)).rejects.toThrow(/give it one with onEvent/);
  bot.onEvent(silent);
  await expect(bot.handle(bad, silent)).rejects.toThrow(/an event is an object/);
  await expect(bot.handle({ sessionId: 'a' }, bad)).rejects.toThrow(/reply must be a function/);
  await expect(bot.withContext('a', bad)).rejects.toThrow(/takes a function/);
  await expect(bot.withContext('a', silent, 5 as never)).rejects.toThrow(TypeError);
});

test('an event without a session id is refused as INVALID_ID', async () => {
  const bot = new Bot().onEvent((context) => context.setState({ met: true }));
  const invalid = expect.objectContaining({ code: 'INVALID_ID' });
  await expect(bot.handle({} as never, silent)).rejects.toEqual(invalid);
  await expect(bot.handle({ sessionId: '' }, silent)).rejects.toEqual(invalid);
  expect(await bot.sessionStore.all()).toEqual([]);
});
