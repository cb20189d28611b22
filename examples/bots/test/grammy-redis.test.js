import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Messenger, update } from './messenger.js';
import { start } from './start.js';

const chat = randomInt(2 ** 40);

async function post(bot, words, secret = 'secret') {
  const headers = { 'X-Telegram-Bot-Api-Secret-Token': secret };
  const body = JSON.stringify(update(words, chat));
  const { status } = await fetch(bot.url, { method: 'POST', headers, body });
  return status;
}

describe('grammY with Redis', { skip: !process.env.REDIS_URL && 'no REDIS_URL' }, () => {
  const messenger = new Messenger();
  const bots = [];
  before(async () => {
    await messenger.start();
    const env = { BOT_TOKEN: '42:token', TELEGRAM_API: messenger.url, WEBHOOK_SECRET: 'secret' };
    for (const _ of [1, 2]) bots.push(await start('grammy-redis.js', env));
  });
  after(async () => {
    for (const bot of bots) await bot.stop();
    messenger.stop();
  });

  test('two processes count 100 cups of one chat at once', async () => {
    const [one, two] = bots;
    const posts = Array.from({ length: 100 }, (_, n) => post(n % 2 ? one : two, '/coffee'));
    assert.deepEqual(new Set(await Promise.all(posts)), new Set([200]));
    for (const _ of posts) assert.equal(await messenger.next(), 'Enjoy!');
    for (const bot of bots) {
      await post(bot, '/cups');
      assert.equal(await messenger.next(), '100 so far');
    }
    await post(one, '/forget');
    assert.equal(await messenger.next(), 'I know nothing');
    await post(two, '/cups');
    assert.equal(await messenger.next(), '0 so far');
  });

  test('who does not know the secret is refused', async () => {
    assert.equal(await post(bots[0], '/coffee', 'wrong'), 401);
  });
});
