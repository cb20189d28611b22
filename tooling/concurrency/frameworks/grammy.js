import { conversation, session } from '@sessions/grammy';
import { Bot } from 'grammy';

const initial = () => ({ count: 0 });

export const key = '7';

/** What handles one message. */
export function start(way, store) {
  const bot = new Bot('42:token', { botInfo: { id: 1, is_bot: true, first_name: 'Bot' } });
  if (way === 'middleware') {
    bot.use(conversation(store, { initial }));
    bot.on('message', (ctx) => ctx.conversation.setState(({ count }) => ({ count: count + 1 })));
  } else {
    const exclusive = way === 'exclusive' && { wait: 60_000 };
    bot.use(session({ store, initial, exclusive }));
    bot.on('message', (ctx) => ctx.session.count++);
  }
  const message = { text: 'Hi', from: { id: 7 }, chat: { id: 7, type: 'private' } };
  return () => bot.handleUpdate({ message });
}
