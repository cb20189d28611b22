// One process of several that share a store: a bot that is given so many messages of one person at once.
import { join } from 'node:path';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { conversation, session } from '@sessions/telegraf';
import { Telegraf } from 'telegraf';

const [kind, where, how, count] = process.argv.slice(2);
const store =
  kind === 'file'
    ? new FileSessionStore(join(where, 'sessions'))
    : new RedisSessionStore(where.split(' ')[0], {
        prefix: `${where.split(' ')[1]}sessions`,
        onWarning: () => {},
      });
const initial = () => ({ count: 0 });

const bot = new Telegraf('42:token');
bot.botInfo = { id: 1, is_bot: true, first_name: 'Bot' };
if (how === 'conversation') {
  bot.use(conversation(store, { initial }));
  bot.on('message', (ctx) => ctx.conversation.setState(({ count }) => ({ count: count + 1 })));
} else {
  bot.use(session({ store, defaultSession: initial, exclusive: { wait: 60_000 } }));
  bot.on('message', (ctx) => ctx.session.count++);
}

await store.init();
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  const message = { text: 'Hi', from: { id: 7 }, chat: { id: 7, type: 'private' } };
  const messages = Array.from({ length: Number(count) }, () => bot.handleUpdate({ message }));
  await Promise.all(messages);
  await store.close();
  process.stdin.destroy();
});
