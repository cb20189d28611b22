import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from './support.ts';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));

test('the programs of the README do what it says', async () => {
  const text = await readFile(join(packageFolder, 'README.md'), 'utf8');
  const programs = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, program = '']) => program);
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'node_modules', '@sessions'), { recursive: true });
  await symlink(packageFolder, join(folder, 'node_modules', '@sessions', 'file'));
  const run = async (program: string | undefined) => {
    const file = join(folder, 'program.mjs');
    await writeFile(file, program ?? '');
    const env = { ...process.env, NODE_OPTIONS: '' };
    return execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', env });
  };
  const [use, expiry, errors] = programs;
  expect(programs).toHaveLength(3);
  expect(await run(use)).toBe('visit 1\ntelegram:42 1\n');
  expect(await run(use)).toBe('visit 2\ntelegram:42 2\n');
  expect(await run(expiry)).toBe('0\n');
  expect(await run(errors)).toBe('UNAVAILABLE ENOTDIR\n');
}, 30_000);
