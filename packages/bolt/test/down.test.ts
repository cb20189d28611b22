import { createServer } from 'node:net';
import { afterAll, expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { RedisSessionStore } from '@sessions/redis';
import { conversation, conversationStore } from '../src/index.ts';
import { startApp } from './slack.ts';

/** A port of this machine that nobody listens to any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

const down = new RedisSessionStore(
  { port: await closedPort(), host: '127.0.0.1' },
  { timeout: 500, onWarning: () => {} },
);
afterAll(() => down.close());

const failure = { name: 'SessionError', code: expect.stringMatching(/^(UNAVAILABLE|TIMEOUT)$/) };

test('a store that is down reaches app.error, and no listener runs', async () => {
  const { app, say, errors } = startApp();
  const heard: unknown[] = [];
  app.use(conversation(down));
  app.message(async ({ context }) => void heard.push(context));
  await say('Hi');
  expect(errors).toMatchObject([failure]);
  expect(heard).toEqual([]);
});

test('a store that fails when the listener has finished reaches app.error', async () => {
  const store = new MemorySessionStore();
  const { app, say, errors } = startApp();
  app.use(conversation(store));
  app.message(async ({ context }) => {
    context.conversation.setState({ count: 1 });
    await store.close();
  });
  await say('Hi');
  expect(errors).toMatchObject([{ name: 'SessionError', code: 'CLOSED' }]);
});

test('with convoStore Bolt runs the listener all the same, and what it stores is an error', async () => {
  const { app, say, errors } = startApp({ convoStore: conversationStore(down) });
  const heard: unknown[] = [];
  app.message(async ({ context }) => {
    heard.push(context.conversation);
    await context.updateConversation({ count: 1 });
  });
  await say('Hi');
  expect(heard).toEqual([undefined]);
  expect(errors).toMatchObject([failure]);
});
