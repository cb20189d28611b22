import { expect, test } from '@jest/globals';
import type { Session } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { conversation } from '../src/index.ts';
import { event, message, startApp } from './slack.ts';

const from = { team: { id: 'T1' }, user: { id: 'U2' } };
const channel = { id: 'C1', name: 'general' };
const view = { type: 'modal', callback_id: 'form', private_metadata: 'C7' };
const bodies: [name: string, body: object, key: string | undefined][] = [
  ['of a message', message('Hi', 'C1'), 'C1'],
  ['of a reaction', event({ type: 'reaction_added', item: { channel: 'C1', ts: '1' } }), 'C1'],
  ['of a star on a file', event({ type: 'star_added', item: { type: 'file' } }), undefined],
  ['of a channel', event({ type: 'channel_created', channel }), 'C1'],
  ['of a shared file', event({ type: 'file_shared', channel_id: 'C1' }), 'C1'],
  ['of the home tab', event({ type: 'team_join', user: { id: 'U2' } }), undefined],
  ['of a command', { command: '/do', channel_id: 'C1', team_id: 'T1' }, 'C1'],
  ['of an action', { type: 'block_actions', actions: [{}], channel, ...from }, 'C1'],
  ['of options', { type: 'block_suggestion', channel, ...from }, 'C1'],
  ['of a shortcut', { type: 'shortcut', callback_id: 'go', ...from }, undefined],
  ['of a message shortcut', { type: 'message_action', channel, ...from }, 'C1'],
  ['of a modal', { type: 'view_submission', view, ...from }, undefined],
];

test.each(bodies)('the key %s is its channel, as Bolt has it', async (_, body, key) => {
  const { app, send, errors } = startApp();
  const [ours, bolts]: unknown[][] = [[], []];
  // Bolt's own, which tells its store alone.
  const { app: other, send: sendOther } = startApp({
    convoStore: { get: async (id) => void bolts?.push(id), set: async () => {} },
  });
  other.use(async () => {});
  app.use(conversation(new MemorySessionStore()));
  app.use(async ({ context }) => void ours?.push(context.conversation.id));
  await send(body);
  await sendOther(body);
  expect(bolts).toEqual(key === undefined ? [] : [key]);
  expect(ours).toEqual(bolts);
  if (key === undefined) {
    expect(errors).toMatchObject([{ original: { message: expect.stringContaining('no conv') } }]);
  }
});

test('the key may be another one, and come later', async () => {
  const getSessionKey = async ({ context, body }: { context: Session; body: Session }) =>
    body.view?.private_metadata || `${context.teamId}:${context.userId}`;
  const store = new MemorySessionStore();
  const { app, say, send, errors } = startApp();
  app.use(conversation(store, { getSessionKey }));
  app.message(async ({ context }) => context.conversation.setState({ count: 1 }));
  app.view('form', async ({ context, ack }) => {
    context.conversation.setState({ nickname: 'Tim' });
    await ack();
  });
  await say('Hi');
  await send({ type: 'view_submission', view, ...from });
  expect(errors).toEqual([]);
  expect(await store.read('T1:U2')).toMatchObject({ _state: { count: 1 } });
  expect(await store.read('C7')).toMatchObject({ _state: { nickname: 'Tim' } });
});

test('without a key the event passes, and only who wants the conversation hears of it', async () => {
  const store = new MemorySessionStore();
  const { app, say, errors } = startApp();
  app.use(conversation(store, { getSessionKey: () => undefined }));
  app.message(async ({ context }) => context.conversation.setState({ count: 1 }));
  let isPassed = false;
  app.message(async () => {
    isPassed = true;
  });
  await say('Hi');
  expect(isPassed).toBe(true);
  expect(errors).toMatchObject([{ original: { name: 'TypeError' } }]);
  expect(await store.all()).toEqual([]);
});
