import { describe, expect, test } from '@jest/globals';
import type { Session, SessionStore } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { expectTypeOf } from 'expect-type';
import { conversation } from '../src/index.ts';
import { message, startApp } from './slack.ts';

const initial = () => ({ count: 0 });

/** An app that counts messages in a store, and may do something meanwhile. */
function setup(meanwhile: () => unknown = () => {}, options: object = {}) {
  const store = new MemorySessionStore();
  const { app, ...others } = startApp();
  app.use(conversation(store, { initial, ...options }));
  app.message(async ({ context }) => {
    expectTypeOf(context.conversation.state.count).toEqualTypeOf<number>();
    context.conversation.setState(({ count }) => ({ count: count + 1 }));
    await meanwhile();
  });
  return { store, app, ...others };
}

test('what a listener sets is there for the next event, and for no other channel', async () => {
  const { store, app, say, errors } = setup();
  const seen: unknown[] = [];
  app.message(async ({ context }) => void seen.push(context.conversation.state));
  await say('Hi');
  await say('Hi');
  await say('Hi', 'C2');
  expect(errors).toEqual([]);
  expect(seen).toEqual([{ count: 1 }, { count: 2 }, { count: 1 }]);
  expect(await store.read('C1')).toEqual({ id: 'C1', _state: { count: 2 } });
  expect(await store.read('C2')).toEqual({ id: 'C2', _state: { count: 1 } });
});

test('the conversation has all that one of core has', async () => {
  const store = new MemorySessionStore();
  await store.write('C1', { user: 'Tim', _state: { count: 7, nickname: 'Tim' } });
  const { app, say, errors } = startApp();
  app.use(conversation(store, { initial }));
  app.message(async ({ context: { conversation } }) => {
    expect(conversation.id).toBe('C1');
    expect(conversation.session).toMatchObject({ user: 'Tim' });
    expect(() => Object.assign(conversation.state, { count: 8 })).toThrow(TypeError);
    conversation.setState({ nickname: undefined });
    expect(conversation.state).toEqual({ count: 7 });
    conversation.resetState();
    expect(conversation.state).toEqual({ count: 0 });
  });
  await say('Hi');
  expect(errors).toEqual([]);
  expect(await store.read('C1')).toEqual({ id: 'C1', user: 'Tim', _state: { count: 0 } });
});

test('without initial the state is empty', async () => {
  const { app, say, errors } = startApp();
  const seen: unknown[] = [];
  app.use(conversation(new MemorySessionStore()));
  app.message(async ({ context }) => void seen.push(context.conversation.state));
  await say('Hi');
  expect([seen, errors]).toEqual([[{}], []]);
});

test('initial is asked for each event', async () => {
  const { app, say } = startApp();
  const seen: unknown[] = [];
  let count = 0;
  app.use(conversation(new MemorySessionStore(), { initial: () => ({ count: count++ }) }));
  app.message(async ({ context }) => void seen.push(context.conversation.state.count));
  for (const channel of ['C1', 'C2']) await say('Hi', channel);
  expect(seen[1]).toBe((seen[0] as number) + 1);
});

test('100 messages at once keep 100 of 100 increments', async () => {
  const { store, say, errors } = setup(() => new Promise(setImmediate));
  await Promise.all(Array.from({ length: 100 }, () => say('Hi')));
  expect(errors).toEqual([]);
  expect(await store.read('C1')).toEqual({ id: 'C1', _state: { count: 100 } });
});

test('a store of five methods will do', async () => {
  const sessions = new Map<string, Session>();
  const store: SessionStore = {
    init: async () => store,
    read: async (id) => sessions.get(id) ?? null,
    write: async (id, session) => void sessions.set(id, session),
    destroy: async (id) => void sessions.delete(id),
    all: async () => [...sessions.values()],
  };
  const { app, say } = startApp();
  app.use(conversation(store, { initial }));
  app.message(async ({ context }) => {
    context.conversation.setState(({ count }) => ({ count: count + 1 }));
  });
  await Promise.all(Array.from({ length: 10 }, () => say('Hi')));
  expect(sessions.get('C1')).toEqual({ id: 'C1', _state: { count: 10 } });
});

test('a listener that throws stores nothing, nor do the others of its event', async () => {
  const { store, app, say, errors } = setup();
  app.message('bad', async () => {
    throw new Error('of the listener');
  });
  await say('bad');
  expect(errors).toMatchObject([{ original: { message: 'of the listener' } }]);
  expect(await store.read('C1')).toBeNull();
  await say('good');
  expect(await store.read('C1')).toMatchObject({ _state: { count: 1 } });
});

test('state that is set too late is an error', async () => {
  const { app, say } = startApp();
  app.use(conversation(new MemorySessionStore(), { initial }));
  let late = () => {};
  app.message(async ({ context: { conversation } }) => {
    late = () => conversation.setState({ count: 1 });
  });
  await say('Hi');
  expect(late).toThrow(TypeError);
});

test('as middleware of one listener it is there for that one', async () => {
  const store = new MemorySessionStore();
  const { app, send, acks, errors } = startApp();
  const counting = conversation(store, { initial });
  app.command('/count', counting, async ({ ack, context }) => {
    context.conversation.setState(({ count }) => ({ count: count + 1 }));
    await ack(String(context.conversation.state.count));
  });
  // Two of one event: each has it in turn.
  for (const _ of [1, 2]) {
    app.message(counting, async ({ context }) => {
      context.conversation.setState({ count: context.conversation.state.count + 10 });
    });
  }
  const command = { command: '/count', channel_id: 'C1', team_id: 'T1', user_id: 'U2', text: '' };
  await send(command);
  await send(command);
  expect(errors).toEqual([]);
  expect(acks).toEqual(['1', '2']);
  await send(message('Hi', 'C1'));
  expect(errors).toEqual([]);
  expect(await store.read('C1')).toMatchObject({ _state: { count: 22 } });
});

describe('exclusive', () => {
  test('runs one listener after another, over apps', async () => {
    const store = new MemorySessionStore();
    const exclusive = { wait: Infinity };
    let running = 0;
    const apps = [1, 2].map(() => {
      const { app, say, errors } = startApp();
      app.use(conversation(store, { initial, exclusive }));
      app.message(async ({ context }) => {
        expect(++running).toBe(1);
        await new Promise(setImmediate);
        context.conversation.setState({ count: context.conversation.state.count + 1 });
        running--;
      });
      return { say, errors };
    });
    await Promise.all(apps.flatMap(({ say }) => Array.from({ length: 5 }, () => say('Hi'))));
    expect(apps.map(({ errors }) => errors)).toEqual([[], []]);
    expect(await store.read('C1')).toEqual({ id: 'C1', _state: { count: 10 } });
  });

  test('that finds no turn runs no listener', async () => {
    const leases = new MemorySessionStore();
    await leases.write('lease:C1', { token: 'of another process', fence: 1 });
    const { store, say, errors } = setup(undefined, { exclusive: { leases, wait: 0 } });
    await say('Hi');
    expect(errors).toMatchObject([{ code: 'CONFLICT', outcome: 'not-applied' }]);
    expect(await store.all()).toEqual([]);
  });

  test('that was lost overwrites nothing', async () => {
    const store = new MemorySessionStore();
    const { app, say, errors } = startApp();
    app.use(conversation(store, { initial, exclusive: true }));
    app.message(async ({ context }) => {
      context.conversation.setState({ count: 1 });
      await store.write('C1', { by: 'another process' });
    });
    await say('Hi');
    expect(errors).toMatchObject([{ code: 'CONFLICT' }]);
    expect(await store.read('C1')).toEqual({ by: 'another process' });
  });
});

test('what is no store, and what is no option, is refused', () => {
  expect(() => conversation({} as never)).toThrow(TypeError);
  expect(() => conversation(new MemorySessionStore(), { initail: initial } as never)).toThrow(
    /initail/,
  );
  const exclusive = { waits: 1 };
  expect(() => conversation(new MemorySessionStore(), { exclusive } as never)).toThrow(
    /did you mean wait/,
  );
});
