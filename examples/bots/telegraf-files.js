// Keeps the shopping list of a chat in Telegram: what you write is on it, until /done.
import { FileSessionStore } from '@sessions/file';
import { conversation } from '@sessions/telegraf';
import { Telegraf } from 'telegraf';
import { message } from 'telegraf/filters';

const { BOT_TOKEN, FOLDER = './lists', TELEGRAM_API = 'https://api.telegram.org' } = process.env;

const store = await new FileSessionStore(FOLDER).init();
const bot = new Telegraf(BOT_TOKEN, { telegram: { apiRoot: TELEGRAM_API } });

// One list for all in the chat; without this each of them has their own.
const getSessionKey = ({ chat }) => chat && `${chat.id}`;
bot.use(conversation(store, { getSessionKey, initial: () => ({ items: [] }) }));

bot.command('list', (ctx) => ctx.reply(ctx.conversation.state.items.join(', ') || 'Nothing'));
bot.command('done', (ctx) => {
  ctx.conversation.resetState();
  return ctx.reply('Well done');
});
bot.on(message('text'), (ctx) => {
  ctx.conversation.setState(({ items }) => ({ items: [...items, ctx.message.text] }));
  return ctx.reply(`${ctx.conversation.state.items.length} on the list`);
});

bot.catch(console.error); // otherwise the first error ends the bot
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bot.stop());
await bot.launch(() => console.log('ready'));
await store.close();
