import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Messenger } from './messenger.js';
import { start } from './start.js';

const folder = await mkdtemp(join(tmpdir(), 'bots-'));
const messenger = new Messenger();
await messenger.start();
const env = { BOT_TOKEN: '42:token', FOLDER: folder, TELEGRAM_API: messenger.url };
after(async () => {
  messenger.stop();
  await rm(folder, { recursive: true });
});

async function ask(words) {
  messenger.send(words, 7);
  return messenger.next();
}

test('the list is there after a restart', async () => {
  const before = await start('telegraf-files.js', env);
  assert.equal(await ask('/list'), 'Nothing');
  assert.equal(await ask('milk'), '1 on the list');
  assert.equal(await ask('bread'), '2 on the list');
  await before.stop();

  const after = await start('telegraf-files.js', env);
  assert.equal(await ask('/list'), 'milk, bread');
  assert.equal(await ask('/done'), 'Well done');
  assert.equal(await ask('/list'), 'Nothing');
  await after.stop();
});
