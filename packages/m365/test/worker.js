// One process of several that share a store: an agent that is given so many messages of one conversation at once.
import { join } from 'node:path';
import { CloudAdapter, ConversationState } from '@microsoft/agents-hosting';
import { FileSessionStore } from '@sessions/file';
import { StoreStorage } from '@sessions/m365';
import { RedisSessionStore } from '@sessions/redis';

const [kind, where, count] = process.argv.slice(2);
const store =
  kind === 'file'
    ? new FileSessionStore(join(where, 'sessions'))
    : new RedisSessionStore(where.split(' ')[0], {
        prefix: `${where.split(' ')[1]}sessions`,
        onWarning: () => {},
      });

const storage = new StoreStorage(store);
const adapter = new CloudAdapter({}).use(storage.exclusive({ wait: 60_000 }));
const state = new ConversationState(storage);
const counter = state.createProperty('count');

const send = async (n) => {
  const body = {
    type: 'message',
    id: `${n}`,
    channelId: 'test',
    serviceUrl: 'http://localhost',
    deliveryMode: 'expectReplies',
    from: { id: 'user' },
    recipient: { id: 'bot' },
    conversation: { id: 'c1' },
  };
  const response = { status() {}, setHeader() {}, send() {}, end() {} };
  await adapter.process({ headers: {}, body }, response, async (context) => {
    await counter.set(context, (await counter.get(context, 0)) + 1);
    await state.saveChanges(context);
  });
};

await store.init();
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  await Promise.all(Array.from({ length: Number(count) }, (_, n) => send(n)));
  await store.close();
  process.stdin.destroy();
});
