import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** A folder in which this package and the bot are installed. */
async function project(): Promise<string> {
  const folder = await temporaryFolder();
  const ours = join(folder, 'node_modules/@sessions');
  await mkdir(ours, { recursive: true });
  await symlink(packageFolder, join(ours, 'file'));
  await symlink(join(packageFolder, 'node_modules/@sessions/bot'), join(ours, 'bot'));
  return folder;
}

function node(cwd: string, ...args: string[]): string {
  const env = { ...process.env, NODE_OPTIONS: '' };
  return execFileSync(process.execPath, args, { cwd, encoding: 'utf8', env, stdio: 'pipe' });
}

test('the programs of the README do what it says', async () => {
  const text = await readFile(join(packageFolder, 'README.md'), 'utf8');
  const programs = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, program = '']) => program);
  const folder = await project();
  const run = async (program: string | undefined) => {
    await writeFile(join(folder, 'program.mjs'), program ?? '');
    return node(folder, 'program.mjs');
  };
  const [use, expiry, errors] = programs;
  expect(programs).toHaveLength(3);
  expect(await run(use)).toBe('visit 1\ntelegram:42 1\n');
  expect(await run(use)).toBe('visit 2\ntelegram:42 2\n');
  expect(await run(expiry)).toBe('0\n');
  expect(await run(errors)).toBe('UNAVAILABLE ENOTDIR\n');
}, 30_000);

test('the bot of the first README remembers who told a name', async () => {
  const text = await readFile(join(packageFolder, '../../README.md'), 'utf8');
  const [, program = ''] = /^```js bot\.mjs\n(.*?)^```/ms.exec(text) ?? [];
  const [, dialogue = ''] = /^```console\n(.*?)^```/ms.exec(text) ?? [];
  const folder = await project();
  await writeFile(join(folder, 'bot.mjs'), program);
  const spoken = [...dialogue.matchAll(/^\$ node bot\.mjs (.*)\n(.*\n)/gm)];
  expect(spoken).toHaveLength(2);
  for (const [, said = '', reply] of spoken) {
    expect(node(folder, 'bot.mjs', said)).toBe(reply);
  }
});
