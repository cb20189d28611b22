// Counts the cups of coffee of a chat in Telegram. Start it as often as you like: on one host or more,
// behind one address, all count together.
import { createServer } from 'node:http';
import { conversation } from '@sessions/grammy';
import { RedisSessionStore } from '@sessions/redis';
import { Bot, webhookCallback } from 'grammy';

const { BOT_TOKEN = '', PORT = 3000, REDIS_URL, TELEGRAM_API, WEBHOOK_SECRET } = process.env;

const store = await new RedisSessionStore(REDIS_URL, { prefix: 'cups:' }).init();
const bot = new Bot(BOT_TOKEN, { client: { apiRoot: TELEGRAM_API } });
bot.use(conversation(store, { initial: () => ({ cups: 0 }) }));

bot.command('coffee', (ctx) => {
  ctx.conversation.setState(({ cups }) => ({ cups: cups + 1 }));
  return ctx.reply('Enjoy!');
});
bot.command('cups', (ctx) => ctx.reply(`${ctx.conversation.state.cups} so far`));
bot.command('forget', (ctx) => {
  ctx.conversation.resetState();
  return ctx.reply('I know nothing');
});

const handle = webhookCallback(bot, 'http', { secretToken: WEBHOOK_SECRET });
const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end(); // then Telegram sends the update again
  });
});
server.listen(PORT, () => console.log(`listening on port ${server.address().port}`));

process.once('SIGTERM', () => server.close(() => store.close()));
