import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Messenger, update } from './messenger.js';
import { start } from './start.js';

const chat = randomInt(2 ** 40);
const skip = !process.env.REDIS_URL && 'no REDIS_URL';

async function post(bot, words, secret = 'secret') {
  const headers = { 'X-Telegram-Bot-Api-Secret-Token': secret };
  const body = JSON.stringify(update(words, chat));
  const { status } = await fetch(bot.url, { method: 'POST', headers, body });
  return status;
}

test('two processes count 100 cups of one chat at once', { skip }, async (t) => {
  const messenger = await new Messenger().start(t);
  const env = { BOT_TOKEN: '42:token', TELEGRAM_API: messenger.url, WEBHOOK_SECRET: 'secret' };
  const one = await start(t, 'grammy-redis.js', env);
  const two = await start(t, 'grammy-redis.js', env);

  const posts = Array.from({ length: 100 }, (_, n) => post(n % 2 ? one : two, '/coffee'));
  assert.deepEqual(new Set(await Promise.all(posts)), new Set([200]));
  for (const _ of posts) assert.equal(await messenger.next(), 'Enjoy!');
  assert.equal(await post(one, '/coffee', 'wrong secret'), 401);
  for (const bot of [one, two]) {
    await post(bot, '/cups');
    assert.equal(await messenger.next(), '100 so far');
  }

  await post(one, '/forget');
  assert.equal(await messenger.next(), 'I know nothing');
  await post(two, '/cups');
  assert.equal(await messenger.next(), '0 so far');
  await one.stop();
  await two.stop();
});
