import { expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { conversation, conversationStore } from '../src/index.ts';
import { event, startApp } from './slack.ts';

const MINUTE = 60_000;

/** A store whose clock can be set on. */
function setup(expiresIn = 60) {
  const clock = { ahead: 0 };
  const now = () => Date.now() + clock.ahead;
  const sessions = new MemorySessionStore(Infinity, { expiresIn, now });
  return { clock, sessions, store: conversationStore(sessions) };
}

const notFound = new Error('Conversation not found');

test.each([[{ count: 1 }], ['text'], [0], [false], [null], [['a', 1]]])(
  'get resolves with what was set: %j',
  async (value) => {
    const { store } = setup();
    await store.set('C1', value);
    expect(await store.get('C1')).toEqual(value);
  },
);

test('get rejects when there is nothing, as Bolt has it', async () => {
  const { store } = setup();
  await expect(store.get('C1')).rejects.toEqual(notFound);
  await store.set('C1', undefined);
  await expect(store.get('C1')).rejects.toEqual(notFound);
});

test('a value lives until its expiresAt, longer than the store says or shorter', async () => {
  const { clock, store } = setup(60);
  await store.set('C1', 'short', Date.now() + MINUTE);
  await store.set('C2', 'long', Date.now() + 120 * MINUTE);
  await store.set('C3', 'for ever', Infinity);
  clock.ahead = MINUTE - 1000;
  expect(await store.get('C1')).toBe('short');
  clock.ahead = MINUTE;
  await expect(store.get('C1')).rejects.toEqual(notFound);
  clock.ahead = 120 * MINUTE - 1000;
  expect(await store.get('C2')).toBe('long');
  clock.ahead = 120 * MINUTE;
  await expect(store.get('C2')).rejects.toEqual(notFound);
  clock.ahead = 1e6 * MINUTE;
  expect(await store.get('C3')).toBe('for ever');
});

test('without expiresAt a value lives as the store says', async () => {
  const { clock, store } = setup(60);
  await store.set('C1', 'long', Date.now() + 120 * MINUTE);
  await store.set('C1', 'as the store says');
  clock.ahead = 60 * MINUTE - 1000;
  expect(await store.get('C1')).toBe('as the store says');
  clock.ahead = 60 * MINUTE;
  await expect(store.get('C1')).rejects.toEqual(notFound);
});

test('an expiresAt that is over ends the conversation', async () => {
  const { sessions, store } = setup();
  await store.set('C1', 'old');
  await store.set('C1', 'new', Date.now());
  expect(await sessions.read('C1')).toBeNull();
  await expect(store.set('C1', 'new', Number.NaN)).rejects.toThrow(RangeError);
});

test('set leaves what else is in the session', async () => {
  const { sessions, store } = setup();
  await sessions.write('C1', { user: 'Tim' });
  await expect(store.get('C1')).rejects.toEqual(notFound);
  await store.set('C1', 'value');
  expect(await sessions.read('C1')).toEqual({ id: 'C1', user: 'Tim', _state: 'value' });
});

test('both reject as the store does', async () => {
  const { sessions, store } = setup();
  await expect(store.get('')).rejects.toMatchObject({ code: 'INVALID_ID' });
  await expect(store.set('C1', 1n)).rejects.toMatchObject({ code: 'INVALID_SESSION' });
  await sessions.close();
  await expect(store.get('C1')).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(store.set('C1', 1)).rejects.toMatchObject({ code: 'CLOSED' });
});

test('Bolt loads and stores conversations with it', async () => {
  const { sessions, store } = setup();
  const { app, say, send, errors } = startApp({ convoStore: store });
  const seen: unknown[] = [];
  app.use(async ({ context, next }) => {
    seen.push(context.conversation);
    await context.updateConversation?.({ count: seen.length });
    await next();
  });
  await say('Hi');
  await say('Hi');
  await say('Hi', 'C2');
  await send(event({ type: 'team_join', user: { id: 'U2' } }));
  expect(errors).toEqual([]);
  expect(seen).toEqual([undefined, { count: 1 }, undefined, undefined]);
  expect(await sessions.read('C1')).toEqual({ id: 'C1', _state: { count: 2 } });
});

test('the middleware goes on from what it has stored', async () => {
  const { sessions, store } = setup();
  await store.set('C1', { count: 7 });
  const { app, say, errors } = startApp();
  app.use(conversation(sessions));
  app.message(async ({ context }) => {
    context.conversation.setState(({ count }) => ({ count: count + 1 }));
  });
  await say('Hi');
  expect(errors).toEqual([]);
  expect(await store.get('C1')).toEqual({ count: 8 });
});

test('takes no store of five methods', () => {
  const { init, read, write, destroy, all } = new MemorySessionStore();
  expect(() => conversationStore({ init, read, write, destroy, all } as never)).toThrow(TypeError);
  expect(() => conversationStore(undefined as never)).toThrow(TypeError);
});
