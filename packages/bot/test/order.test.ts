import { expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { Bot } from '../src/index.ts';
import { Barrier, Gate, HandWrittenStore, silent } from './support.ts';

test('events of one conversation wait for each other, and for nobody else', async () => {
  const bot = new Bot();
  const gate = new Gate();
  const log: string[] = [];
  bot.onEvent(async ({ event }) => {
    log.push(`${event.text} begins`);
    if (event.text === 'a1') await gate.opened;
    log.push(`${event.text} ends`);
  });
  const a1 = bot.handle({ sessionId: 'a', text: 'a1' }, silent);
  const a2 = bot.handle({ sessionId: 'a', text: 'a2' }, silent);
  await bot.handle({ sessionId: 'b', text: 'b1' }, silent);
  expect(log).toEqual(['a1 begins', 'b1 begins', 'b1 ends']);
  gate.open();
  await Promise.all([a1, a2]);
  expect(log.slice(3)).toEqual(['a1 ends', 'a2 begins', 'a2 ends']);
});

test('an event is handled with the state that the one before it left', async () => {
  const bot = new Bot({ initialState: { texts: [] as string[] } });
  bot.onEvent(async (context) => {
    const { texts } = context.state;
    await Promise.resolve();
    context.setState({ texts: [...texts, context.event.text ?? ''] });
  });
  const sent = Array.from({ length: 20 }, (_, i) => `${i}`);
  await Promise.all(sent.map((text) => bot.handle({ sessionId: 'a', text }, silent)));
  expect((await bot.sessionStore.read('a'))?._state).toEqual({ texts: sent });
});

test('a handler that fails does not hold up the next event', async () => {
  const bot = new Bot();
  const handled: unknown[] = [];
  bot.onEvent(({ event }) => {
    if (event.text === 'bad') throw new Error(event.text);
    handled.push(event.text);
  });
  const outcomes = await Promise.allSettled(
    ['bad', 'good'].map((text) => bot.handle({ sessionId: 'a', text }, silent)),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(handled).toEqual(['good']);
});

test('many conversations at once, each in its order', async () => {
  const conversations = 200;
  const bot = new Bot({ initialState: { texts: [] as string[] } });
  const allAtOnce = new Barrier(conversations);
  bot.onEvent(async (context) => {
    if (context.event.text === '0') await allAtOnce.pass();
    context.setState({ texts: [...context.state.texts, context.event.text ?? ''] });
  });
  const handled: Promise<void>[] = [];
  for (const text of ['0', '1', '2']) {
    for (let i = 0; i < conversations; i++) {
      handled.push(bot.handle({ sessionId: `chat:${i}`, text }, silent));
    }
  }
  await Promise.all(handled);
  const states = (await bot.sessionStore.all()).map((session) => session._state);
  expect(states).toEqual(Array(conversations).fill({ texts: ['0', '1', '2'] }));
});

test.each([
  ['memory', () => new MemorySessionStore()],
  ['a hand-written store', () => new HandWrittenStore()],
])('two bots at once on one conversation both count, with %s', async (_name, createStore) => {
  const sessionStore = createStore();
  const bothHaveRead = new Barrier(2);
  const bots = Array.from({ length: 2 }, () =>
    new Bot({ sessionStore, initialState: { count: 0 } }).onEvent(async (context) => {
      await bothHaveRead.pass();
      context.setState(({ count }) => ({ count: count + 1 }));
    }),
  );
  await Promise.all(bots.map((bot) => bot.handle({ sessionId: 'a' }, silent)));
  expect((await sessionStore.read('a'))?._state).toEqual({ count: 2 });
});
