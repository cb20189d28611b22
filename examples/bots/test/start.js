import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Starts a bot in a process of its own, which the test does not outlive. Resolves when it is ready. */
export async function start(test, file, env) {
  const bot = spawn(process.execPath, [join(import.meta.dirname, '..', file)], {
    env: { ...process.env, PORT: 0, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  test.after(() => bot.kill('SIGKILL'));
  const ended = once(bot, 'exit');
  const failed = ended.then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`)));
  const [line] = await Promise.race([once(bot.stdout, 'data'), failed]);
  failed.catch(() => {});
  return {
    url: `http://127.0.0.1:${/\d+$/m.exec(line)?.[0]}`,
    async stop() {
      bot.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null]);
    },
  };
}
