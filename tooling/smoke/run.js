import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The Node that runs this, and those that SMOKE_NODES lists. */
export const nodes = [
  process.execPath,
  ...(process.env.SMOKE_NODES ?? '').split(delimiter).filter(Boolean),
];

/** What the command prints. One that fails is an error, after what it printed. */
export function run(command, args, cwd = root, { quiet = false, env = {} } = {}) {
  // Windows has .cmd files, which only a shell runs.
  const shell = process.platform === 'win32' && !nodes.includes(command);
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    shell,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw error;
  if (status !== 0) {
    console.error(`${stdout}${stderr}`);
    throw new Error(`failed: ${relative(root, command) || command} ${args.join(' ')}`);
  }
  if (quiet) assert.equal(stderr, '', 'a warning on loading');
  return stdout;
}

export function tool(name) {
  return join(root, 'tooling/node_modules/.bin', name);
}

export function readJson(folder, file) {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}
