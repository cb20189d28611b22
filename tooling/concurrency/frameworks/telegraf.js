import { conversation, session } from '@sessions/telegraf';
import { Telegraf } from 'telegraf';

const initial = () => ({ count: 0 });

export const key = '7:7';

export function start(way, store) {
  const bot = new Telegraf('42:token');
  bot.botInfo = { id: 1, is_bot: true, first_name: 'Bot' };
  if (way === 'middleware') {
    bot.use(conversation(store, { initial }));
    bot.on('message', (ctx) => ctx.conversation.setState(({ count }) => ({ count: count + 1 })));
  } else {
    const exclusive = way === 'exclusive' && { wait: 60_000 };
    bot.use(session({ store, defaultSession: initial, exclusive }));
    bot.on('message', (ctx) => ctx.session.count++);
  }
  const message = { text: 'Hi', from: { id: 7 }, chat: { id: 7, type: 'private' } };
  return () => bot.handleUpdate({ message });
}
