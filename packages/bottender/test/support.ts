import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
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
export function node(cwd: string, ...args: string[]) {
  return nodeAt(process.execPath, cwd, ...args);
}

/** Runs a program of that Node in a folder. */
export async function nodeAt(path: string, cwd: string, ...args: string[]) {
  // pnpm sets NODE_PATH, by which the other packages of this repository would be found.
  const env = { ...process.env, NODE_PATH: '', NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' };
  const child = spawn(path, args, { cwd, env });
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
