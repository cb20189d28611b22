import { once } from 'node:events';
import { createServer } from 'node:http';
import { createTelegramAdapter } from '@chat-adapter/telegram';
import { createStoreState } from '@sessions/chat';
import { Chat, ConsoleLogger } from 'chat';

export const key = 'value:thread-state:telegram:7';
export const countIn = (session) => session.value.count;

export async function start(way, store) {
  // What Telegram answers to who the bot is.
  const result = { id: 1, is_bot: true, first_name: 'Bot', username: 'bot' };
  const api = createServer((_, response) => response.end(JSON.stringify({ ok: true, result })));
  await once(api.listen(0, '127.0.0.1').unref(), 'listening');
  const state = createStoreState(store);
  const telegram = createTelegramAdapter({
    botToken: '42:token',
    mode: 'webhook',
    allowUnverifiedWebhooks: true,
    apiBaseUrl: `http://127.0.0.1:${api.address().port}`,
    logger: new ConsoleLogger('silent'),
  });
  const config = { userName: 'bot', concurrency: 'concurrent', logger: 'silent' };
  const bot = new Chat({ adapters: { telegram }, state, ...config });

  const add = async (thread) => {
    await thread.setState({ count: ((await thread.state)?.count ?? 0) + 1 });
  };
  if (way === 'middleware') {
    bot.onDirectMessage(async (thread) => {
      await state.setState(thread, ({ count = 0 }) => ({ count: count + 1 }));
    });
  } else {
    bot.onDirectMessage(way === 'exclusive' ? state.exclusive(add, { wait: 60_000 }) : add);
  }
  await bot.initialize();

  let message_id = process.pid * 1000; // one that came before is not handled again
  return async () => {
    const chat = { id: 7, type: 'private' };
    const from = { id: 7, is_bot: false, first_name: 'Ada' };
    const message = { message_id: ++message_id, date: 0, text: 'Hi', from, chat };
    const body = JSON.stringify({ update_id: message_id, message });
    const request = new Request('http://localhost', { method: 'POST', body });
    const handled = [];
    const waitUntil = (task) => handled.push(task);
    const options = { waitUntil, propagateHandlerErrors: true };
    const { status } = await bot.webhooks.telegram(request, options);
    if (status !== 200) throw new Error(`Telegram is told ${status}`);
    await Promise.all(handled);
  };
}
