import { beforeEach, expect, test } from '@jest/globals';
import { App, type HttpRouteHandler, type IHttpServerResponse } from '@microsoft/teams.apps';
import { ConsoleLogger } from '@microsoft/teams.common';
import type { FullSessionStore } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { TeamsStorage } from '../src/index.ts';
import { describeStores, yieldOnce } from './support.ts';

type Send = (text?: string, conversation?: string) => Promise<IHttpServerResponse>;

/** A Teams app that is given its activities by hand, and what gives it a message of a person. */
async function newApp(storage: TeamsStorage<string>): Promise<{ app: App; send: Send }> {
  let post: HttpRouteHandler | undefined;
  const app = new App({
    state: { storage },
    dangerouslyAllowUnauthenticatedRequests: true,
    logger: new ConsoleLogger('test', { level: 'error', pattern: '-test' }), // says nothing
    httpServerAdapter: {
      registerRoute(_method, _path, handler) {
        post = handler;
      },
    },
  });
  await app.initialize();
  const send: Send = async (text = 'Hi', conversation = 'c1') => {
    const body = {
      type: 'message',
      id: '1',
      text,
      channelId: 'msteams',
      serviceUrl: 'http://localhost',
      from: { id: 'ada' },
      recipient: { id: 'bot' },
      conversation: { id: conversation },
    };
    return (post as HttpRouteHandler)({ headers: {}, body });
  };
  return { app, send };
}

const times = (count: number, make: (n: number) => Promise<IHttpServerResponse> | undefined) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)));

const CONVERSATION = 'ts:conv:c1';
const USER = 'ts:user:c1:ada';

describeStores((open) => {
  let store: FullSessionStore;
  let storage: TeamsStorage<string>;

  beforeEach(() => {
    store = open();
    storage = new TeamsStorage(store);
  });

  /** Counts messages by the state of the turn, as apps do. */
  function count(app: App): void {
    app.on('message', async ({ activity, state }) => {
      for (const scope of [state?.conversation, state?.user]) {
        const before = scope?.get<number>('count') ?? 0;
        await yieldOnce();
        scope?.set('count', before + 1);
      }
      if (activity.text === 'lost') await store.write(CONVERSATION, { value: '{"by":"another"}' });
      if (activity.text === 'forget') await state?.delete();
    });
  }

  test('an app goes on with the state after a restart, and forgets it', async () => {
    for (const n of [1, 2, 3]) {
      const { app, send } = await newApp(storage);
      count(app);
      expect(await send()).toMatchObject({ status: 200 });
      expect(await store.read(CONVERSATION)).toEqual({ value: `{"count":${n}}` });
      expect(await store.read(USER)).toEqual({ value: `{"count":${n}}` });
    }
    const { app, send } = await newApp(storage);
    count(app);
    await send('Hi', 'c2');
    await send('forget');
    expect(await store.all()).toEqual([{ value: '{"count":1}' }, { value: '{"count":1}' }]);
  });

  test('exclusive: 100 messages at once at two apps keep 100 of 100 increments', async () => {
    const apps = await Promise.all([newApp(storage), newApp(storage)]);
    for (const { app } of apps) {
      count(app);
      storage.exclusive(app, { wait: 60_000 });
    }
    const answers = await times(100, (n) => apps[n % 2]?.send());
    expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([200]));
    expect(await store.read(CONVERSATION)).toEqual({ value: '{"count":100}' });
    expect(await store.read(USER)).toEqual({ value: '{"count":100}' });
  });

  test('without it they do not', async () => {
    const { app, send } = await newApp(storage);
    count(app);
    await times(100, () => send());
    expect(JSON.parse((await store.read(CONVERSATION))?.value).count).toBeLessThan(100);
  });

  test('a turn that has lost its lease overwrites nothing, and the app hears of it', async () => {
    const { app, send } = await newApp(storage);
    const errors: Error[] = [];
    app.event('error', ({ error }) => void errors.push(error));
    count(app);
    storage.exclusive(app);
    await send();
    expect(await send('lost')).toMatchObject({ status: 500 });
    expect(errors).toMatchObject([{ code: 'CONFLICT' }]);
    expect(await store.read(CONVERSATION)).toEqual({ value: '{"by":"another"}' });
  });

  test('turns of other conversations do not wait, and one that comes too late is refused', async () => {
    const { app, send } = await newApp(storage);
    let end = () => {};
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    const notes: string[] = [];
    app.on('message', async ({ activity }) => {
      notes.push(activity.text);
      if (activity.text === 'slow') await held;
    });
    storage.exclusive(app, { wait: 0 });
    const slow = send('slow');
    while (notes.length === 0) await yieldOnce();
    expect(await send('other', 'c2')).toMatchObject({ status: 200 });
    expect(await send('late')).toMatchObject({ status: 500 });
    end();
    expect(await slow).toMatchObject({ status: 200 });
    expect(notes).toEqual(['slow', 'other']);
  });

  test('a store that fails is no new conversation', async () => {
    const { app, send } = await newApp(storage);
    const errors: Error[] = [];
    app.event('error', ({ error }) => void errors.push(error));
    let handled = 0;
    app.on('message', () => void handled++);
    await send();
    await store.close();
    expect(await send()).toMatchObject({ status: 500 });
    expect(handled).toBe(1);
    expect(errors).toMatchObject([{ code: 'CLOSED' }]);
  });
});

test('wrong arguments are refused', () => {
  expect(() => new TeamsStorage({} as FullSessionStore)).toThrow(TypeError);
  const storage = new TeamsStorage(new MemorySessionStore());
  expect(() => storage.exclusive({ server: {} })).toThrow(TypeError);
});
