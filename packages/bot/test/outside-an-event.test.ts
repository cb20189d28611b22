import { beforeEach, expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { Bot } from '../src/index.ts';
import { Gate, silent } from './support.ts';

interface Order {
  paid: boolean;
  count: number;
}

let clock: number;
let bot: Bot<Order>;

beforeEach(async () => {
  clock = 1000;
  bot = new Bot<Order>({
    sessionStore: new MemorySessionStore(),
    initialState: { paid: false, count: 0 },
    now: () => clock,
  });
  bot.onEvent((context) => context.setState(({ count }) => ({ count: count + 1 })));
  await bot.handle({ sessionId: 'a', platform: 'web', user: { id: '1' } }, silent);
});

test('a webhook changes the conversation, and lastActivity stays', async () => {
  clock = 2000;
  const count = await bot.withContext('a', (context) => {
    context.setState({ paid: true });
    return context.state.count;
  });
  expect(count).toBe(1);
  expect(await bot.sessionStore.read('a')).toEqual({
    id: 'a',
    platform: 'web',
    user: { id: '1' },
    lastActivity: 1000,
    _state: { paid: true, count: 1 },
  });
});

test('there is no event, and a conversation may begin here', async () => {
  const seen = await bot.withContext('new', (context) => {
    context.setState({ paid: true });
    return [context.event, context.session, context.id];
  });
  expect(seen).toEqual([null, null, 'new']);
  expect(await bot.sessionStore.read('new')).toEqual({
    id: 'new',
    _state: { paid: true, count: 0 },
  });
});

test('reading stores nothing', async () => {
  expect(await bot.withContext('new', ({ state }) => state)).toEqual({ paid: false, count: 0 });
  expect(await bot.sessionStore.read('new')).toBeNull();
});

test('it waits its turn among the events', async () => {
  const gate = new Gate();
  const log: string[] = [];
  bot.onEvent(async () => {
    await gate.opened;
    log.push('event');
  });
  const handled = bot.handle({ sessionId: 'a' }, silent);
  const timer = bot.withContext('a', () => log.push('timer'));
  await bot.withContext('b', () => log.push('elsewhere'));
  gate.open();
  await Promise.all([handled, timer]);
  expect(log).toEqual(['elsewhere', 'event', 'timer']);
});

test('sendText uses the reply that is given, and rejects without one', async () => {
  const said: string[] = [];
  await bot.withContext(
    'a',
    (context) => context.sendText('Thank you'),
    (text) => said.push(text),
  );
  expect(said).toEqual(['Thank you']);
  await expect(bot.withContext('a', (context) => context.sendText('Hi'))).rejects.toThrow(
    new TypeError('there is nobody to reply to; pass a reply function to withContext'),
  );
});

test('its errors reach the caller, not onError', async () => {
  const heard: unknown[] = [];
  bot.onError((error) => heard.push(error));
  const error = new Error('no such order');
  await expect(bot.withContext('a', () => Promise.reject(error))).rejects.toBe(error);
  expect(heard).toEqual([]);
});
