import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Messenger } from './messenger.js';
import { start } from './start.js';

const secret = 'secret';
const channel = `C${randomUUID()}`;
const skip = !process.env.MONGO_URL && 'no MONGO_URL';

/** Sends what Slack sends of a message, signed as Slack does it. */
async function post({ url }, text, user) {
  const event = { type: 'message', channel, channel_type: 'channel', user, text, ts: '1.0' };
  const body = JSON.stringify({ type: 'event_callback', team_id: 'T1', event });
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', secret).update(`v0:${seconds}:${body}`).digest('hex');
  const headers = {
    'Content-Type': 'application/json',
    'X-Slack-Request-Timestamp': seconds,
    'X-Slack-Signature': `v0=${signature}`,
  };
  const { status } = await fetch(`${url}/slack/events`, { method: 'POST', headers, body });
  assert.equal(status, 200);
}

test('orders of all at once are noted, and there after a restart', { skip }, async (t) => {
  const messenger = await new Messenger().start(t);
  const env = { SLACK_API: messenger.url, SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: secret };
  let bot = await start(t, 'bolt-mongo.js', env);
  await post(bot, 'lunch?', 'U2');
  assert.equal(await messenger.next(), 'Nobody is hungry');
  const users = Array.from({ length: 20 }, (_, n) => `U${n + 2}`);
  await Promise.all(users.map((user) => post(bot, `lunch soup ${user}`, user)));
  for (const _ of users) assert.equal(await messenger.next(), 'Noted');
  await bot.stop();

  bot = await start(t, 'bolt-mongo.js', env);
  await post(bot, 'lunch?', 'U2');
  const lines = (await messenger.next()).split('\n').toSorted();
  assert.deepEqual(lines, users.map((user) => `<@${user}>: soup ${user}`).toSorted());
  await bot.stop();
});
