import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Messenger } from '../../examples/bots/test/messenger.js';
import { docs } from '../build/root.js';
import { stepsOf } from './blocks.js';

test('the bot for Telegram knows the name after a restart', { timeout: 30_000 }, async (t) => {
  const steps = stepsOf(readFileSync(join(docs, 'start.md'), 'utf8'));
  const { program } = steps.find(({ name }) => name === 'telegram.mjs');
  const folder = mkdtempSync(join(docs, '.blocks-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'telegram.mjs'), program);
  const messenger = await new Messenger().start(t);

  const talk = async (words) => {
    const env = { ...process.env, BOT_TOKEN: '42:token', TELEGRAM_API: messenger.url };
    const bot = spawn(process.execPath, ['telegram.mjs'], { cwd: folder, env, stdio: 'inherit' });
    t.after(() => bot.kill('SIGKILL'));
    messenger.send(words, 7);
    const answer = await messenger.next();
    bot.kill('SIGTERM');
    assert.deepEqual(await once(bot, 'exit'), [0, null]);
    return answer;
  };
  assert.equal(await talk('Ada'), 'Hello Ada');
  assert.equal(await talk('Hi'), 'Welcome back, Ada');
});
