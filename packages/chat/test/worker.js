// One process of several that share a store: a bot that is given so many messages of one person at once.
import { createServer } from 'node:http';
import { createTelegramAdapter } from '@chat-adapter/telegram';
import { createStoreState } from '@sessions/chat';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { Chat, ConsoleLogger } from 'chat';

const [kind, where, how, first, count] = process.argv.slice(2);
const store =
  kind === 'file'
    ? new FileSessionStore(where)
    : new RedisSessionStore(where.split(' ')[0], {
        prefix: where.split(' ')[1],
        onWarning: () => {},
      });
const state = createStoreState(store);

const result = { id: 1, is_bot: true, first_name: 'Bot', username: 'bot' };
const api = createServer((_, response) => response.end(JSON.stringify({ ok: true, result })));
await new Promise((resolve) => api.listen(0, '127.0.0.1', resolve));
const telegram = createTelegramAdapter({
  botToken: '42:token',
  mode: 'webhook',
  allowUnverifiedWebhooks: true,
  apiBaseUrl: `http://127.0.0.1:${api.address().port}`,
  logger: new ConsoleLogger('silent'),
});
const config = { userName: 'bot', concurrency: 'concurrent', logger: 'silent' };
const bot = new Chat({ adapters: { telegram }, state, ...config });

const handlers = {
  setState: (thread) => state.setState(thread, ({ count = 0 }) => ({ count: count + 1 })),
  exclusive: state.exclusive(
    async (thread) => thread.setState({ count: ((await thread.state)?.count ?? 0) + 1 }),
    { wait: 60_000 },
  ),
};
bot.onDirectMessage(async (thread) => {
  await handlers[how](thread);
});

await bot.initialize();
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  const handled = [];
  const waitUntil = (task) => handled.push(task);
  const send = (n) => {
    const chat = { id: 7, type: 'private' };
    const from = { id: 7, is_bot: false, first_name: 'Ada' };
    const message = { message_id: n, date: 0, text: 'Hi', from, chat };
    const body = JSON.stringify({ update_id: n, message });
    const request = new Request('http://localhost', { method: 'POST', body });
    return bot.webhooks.telegram(request, { waitUntil, propagateHandlerErrors: true });
  };
  await Promise.all(Array.from({ length: Number(count) }, (_, n) => send(Number(first) + n)));
  await Promise.all(handled);
  await store.close();
  api.close();
  process.stdin.destroy();
});
