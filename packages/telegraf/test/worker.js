// One process of several that share stores: a bot that is given so many messages of one person at once.
import { join } from 'node:path';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { conversation, exclusive, storageAdapter } from '@sessions/telegraf';
import { session, Telegraf } from 'telegraf';

const [kind, where, how, count] = process.argv.slice(2);
const open = (name) =>
  kind === 'file'
    ? new FileSessionStore(join(where, name))
    : new RedisSessionStore(where.split(' ')[0], {
        prefix: `${where.split(' ')[1]}${name}`,
        onWarning: () => {},
      });
const [store, leases] = [open('sessions'), open('leases')];
const initial = () => ({ count: 0 });

const bot = new Telegraf('42:token');
bot.botInfo = { id: 1, is_bot: true, first_name: 'Bot' };
if (how === 'conversation') {
  bot.use(conversation(store, { initial }));
  bot.on('message', (ctx) => ctx.conversation.setState(({ count }) => ({ count: count + 1 })));
} else {
  if (how === 'exclusive') bot.use(exclusive(leases, { wait: 60_000 }));
  bot.use(session({ defaultSession: initial, store: storageAdapter(store) }));
  bot.on('message', (ctx) => ctx.session.count++);
}

await Promise.all([store.init(), leases.init()]);
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  const message = { text: 'Hi', from: { id: 7 }, chat: { id: 7, type: 'private' } };
  const messages = Array.from({ length: Number(count) }, () => bot.handleUpdate({ message }));
  await Promise.all(messages);
  await Promise.all([store.close(), leases.close()]);
  process.stdin.destroy();
});
