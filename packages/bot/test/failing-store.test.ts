import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { Bot, type BotEvent } from '../src/index.ts';
import { BrokenStore, HandWrittenStore, silent } from './support.ts';

let store: BrokenStore;
let bot: Bot<{ count: number }>;
let handled: number[];
let said: string[];
const event: BotEvent = { sessionId: 'a', text: 'Hi' };
const reply = (text: string) => said.push(text);

beforeEach(() => {
  store = new BrokenStore();
  store.sessions.set('a', { id: 'a', _state: { count: 7 } });
  handled = [];
  said = [];
  bot = new Bot({ sessionStore: store, initialState: { count: 0 } });
  bot.onEvent(async (context) => {
    handled.push(context.state.count);
    context.setState(({ count }) => ({ count: count + 1 }));
    await context.sendText(`${context.state.count}`);
  });
});

test('a hand-written store of five methods is all that a bot needs', async () => {
  const sessionStore = new HandWrittenStore();
  const counting = new Bot({ sessionStore, initialState: { count: 0 }, now: () => 5 });
  counting.onEvent((context) => context.setState(({ count }) => ({ count: count + 1 })));
  await counting.handle(event, silent);
  await counting.handle(event, silent);
  expect(await sessionStore.all()).toEqual([{ id: 'a', lastActivity: 5, _state: { count: 2 } }]);
});

describe.each(['init', 'read'] as const)('a store whose %s fails', (method) => {
  test('the handler does not run, and the error reaches the caller', async () => {
    store.broken = method;
    await expect(bot.handle(event, reply)).rejects.toBe(store.error);
    expect({ handled, said }).toEqual({ handled: [], said: [] });
  });

  test('once it works again, the conversation goes on where it was', async () => {
    store.broken = method;
    await expect(bot.handle(event, reply)).rejects.toBe(store.error);
    store.broken = undefined;
    await bot.handle(event, reply);
    expect({ handled, said }).toEqual({ handled: [7], said: ['8'] });
  });
});

test('a store whose write fails: the error reaches the caller, the old state stays', async () => {
  store.broken = 'write';
  await expect(bot.handle(event, reply)).rejects.toBe(store.error);
  store.broken = undefined;
  await bot.handle(event, reply);
  expect(handled).toEqual([7, 7]);
  expect(store.sessions.get('a')?._state).toEqual({ count: 8 });
});

test.each(['init', 'read', 'write'] as const)('onError hears of a failing %s', async (method) => {
  const heard: unknown[] = [];
  bot.onError(async (error, at) => {
    await Promise.resolve();
    heard.push(error, at);
  });
  store.broken = method;
  await bot.handle(event, reply);
  expect(heard).toEqual([store.error, event]);
});

test('a closed store is an error, not an empty one', async () => {
  const sessionStore = new MemorySessionStore();
  await sessionStore.close();
  const closed = new Bot({ sessionStore }).onEvent(() => handled.push(1));
  await expect(closed.handle(event, reply)).rejects.toMatchObject({ code: 'CLOSED' });
  expect(handled).toEqual([]);
});

test('a handler that throws stores nothing, and its error reaches the caller', async () => {
  const error = new Error('in the handler');
  bot.onEvent((context) => {
    context.setState({ count: 100 });
    throw error;
  });
  await expect(bot.handle(event, reply)).rejects.toBe(error);
  expect(store.sessions.get('a')).toEqual({ id: 'a', _state: { count: 7 } });
});

test('onError takes the error of a handler, and of the choice of the session', async () => {
  const errors: unknown[] = [];
  const choosy = new Bot({
    sessionId: () => {
      throw new Error('no scope');
    },
  });
  choosy.onEvent(silent).onError((error) => errors.push(error));
  await choosy.handle(event, silent);
  bot.onEvent(() => Promise.reject(new Error('no luck'))).onError((error) => errors.push(error));
  await bot.handle(event, silent);
  expect(errors).toEqual([new Error('no scope'), new Error('no luck')]);
});

test.each([
  [
    'throws',
    (error: Error) => {
      throw error;
    },
  ],
  ['rejects', (error: Error) => Promise.reject(error)],
])('the error of an onError that %s is that of handle', async (_how, fail) => {
  const second = new Error('could not report it');
  bot.onError(() => fail(second));
  store.broken = 'read';
  await expect(bot.handle(event, reply)).rejects.toBe(second);
});
