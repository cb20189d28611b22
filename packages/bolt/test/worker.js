// One process of several with a bot each: says when it is ready, and handles so many messages at once.
import { once } from 'node:events';
import { conversation } from '@sessions/bolt';
import { FileSessionStore } from '@sessions/file';
import { App } from '@slack/bolt';

const [folder, messages] = process.argv.slice(2);
const store = new FileSessionStore(folder);
const receiver = { init() {}, async start() {}, async stop() {} };
const app = new App({
  receiver,
  convoStore: false,
  authorize: async () => ({ botToken: 'xoxb-1' }),
});
app.error(async (error) => {
  console.error(error);
  process.exitCode = 1;
});
app.use(conversation(store, { initial: () => ({ count: 0 }) }));
app.message(async ({ context }) => {
  context.conversation.setState(({ count }) => ({ count: count + 1 }));
});

await store.init();
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const event = { type: 'message', channel: 'C1', user: 'U2', text: 'Hi', ts: '1.0' };
const body = { type: 'event_callback', team_id: 'T1', event };
const handle = () => app.processEvent({ body, ack: async () => {} });
await Promise.all(Array.from({ length: Number(messages) }, handle));
await store.close();
process.stdin.destroy();
