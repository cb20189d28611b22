import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BLOCKED, Messenger } from './messenger.js';
import { start } from './start.js';

test('the list is there after a restart', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bots-'));
  t.after(() => rm(folder, { recursive: true }));
  const messenger = await new Messenger().start(t);
  const env = { BOT_TOKEN: '42:token', FOLDER: folder, TELEGRAM_API: messenger.url };
  const ask = async (words) => {
    messenger.send(words, 7);
    return messenger.next();
  };

  let bot = await start(t, 'telegraf-files.js', env);
  assert.equal(await ask('/list'), 'Nothing');
  assert.equal(await ask('milk'), '1 on the list');
  assert.equal(await ask('bread'), '2 on the list');
  await bot.stop();

  bot = await start(t, 'telegraf-files.js', env);
  messenger.send('milk', BLOCKED); // an error in a handler, which the others do not notice
  assert.equal(await ask('/list'), 'milk, bread');
  assert.equal(await ask('/done'), 'Well done');
  assert.equal(await ask('/list'), 'Nothing');
  await bot.stop();
});
