import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../src/index.ts';

const cli = fileURLToPath(
  import.meta.resolve('@sessions/bot/package.json').replace('package.json', 'dist/cli.js'),
);
const packageFolder = fileURLToPath(new URL('..', import.meta.url));

async function talk(cwd: string) {
  const child = spawn(process.execPath, [cli, '--store', 'file', '--from', packageFolder], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async say(text: string): Promise<string> {
      child.stdin.write(`${text}\n`);
      return (await replies.next()).value;
    },
    async kill(): Promise<void> {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

test('the demo, killed in mid-conversation, goes on where it was and knows the nickname', async () => {
  const folder = await temporaryFolder();
  const store = new FileSessionStore(join(folder, '.sessions'));
  const stored = async (state: object) => {
    while (
      !JSON.stringify((await store.read('console:1'))?._state)?.includes(
        JSON.stringify(state).slice(1, -1),
      )
    ) {
      await pause(10); // the reply comes before the state is stored
    }
  };

  const first = await talk(folder);
  expect(await first.say('Hi')).toBe("Hi, what's your nickname?");
  await stored({ asking: true });
  await first.kill();

  const second = await talk(folder);
  expect(await second.say('Tim')).toBe('Hello Tim');
  await stored({ nickname: 'Tim' });
  await second.kill();

  expect(await store.read('console:1')).toMatchObject({
    id: 'console:1',
    _state: { asking: false, nickname: 'Tim' },
  });
}, 30_000);
