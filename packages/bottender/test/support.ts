import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { SessionStore } from '@sessions/core';
import { TelegramBot } from 'bottender';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';

export const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const cli = join(packageFolder, 'dist/cli.js');

/** A folder, removed at the end, in which these packages are installed. */
export async function project(...packages: string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of packages) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(packageFolder, 'node_modules', name), path);
  }
  return folder;
}

/** Runs a program of Node in a folder. */
export async function node(cwd: string, ...args: string[]) {
  // pnpm sets NODE_PATH, by which the other packages of this repository would be found.
  const env = { ...process.env, NODE_PATH: '', NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' };
  const child = spawn(process.execPath, args, { cwd, env });
  const exit = once(child, 'exit');
  child.stdin.end();
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exit,
  ]);
  return { code, stdout, stderr };
}

/** Runs the command in a folder. */
export function run(cwd: string, ...args: string[]) {
  return node(cwd, cli, ...args);
}

/** A bot of Bottender that counts the messages of each chat, and how to send it one. */
export function countingBot(sessionStore: unknown) {
  // Its types are for stores that give its own type of session.
  const options = { accessToken: '42:token', sync: true, sessionStore: sessionStore as never };
  const bot = new TelegramBot(options);
  bot.setInitialState({ count: 0 });
  bot.onEvent(async (context) => {
    const { count } = context.state as { count: number };
    await new Promise(setImmediate);
    context.setState({ count: count + 1 });
  });
  const handle = bot.createRequestHandler();
  return async (chat: number) => {
    const from = { id: chat, is_bot: false, first_name: 'Ada' };
    const message = {
      message_id: 1,
      date: 1,
      chat: { id: chat, type: 'private' },
      from,
      text: 'Hi',
    };
    await handle({ update_id: 1, message } as never, undefined as never);
  };
}

/** What a bot of Bottender has counted. */
export async function countIn(store: Pick<SessionStore, 'read'>, id: string): Promise<number> {
  return (await store.read(id))?._state.count;
}
