import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, test } from '@jest/globals';
import type { SqliteOptions } from '../src/index.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

/** With `pnpm soak` the tests try more. */
export const isSoak = process.env.SESSIONS_SOAK === '1';

const NEEDS = {
  linux: () => process.platform === 'linux',
  root: () => process.getuid?.() === 0,
  strace: () => spawnSync('strace', ['-V']).status === 0,
};

/** A test that says in its name why it is skipped, and fails where nothing may be missing. */
export function testWith(
  needs: readonly (keyof typeof NEEDS)[],
  name: string,
  body: () => Promise<void>,
  timeout = 60_000,
): void {
  const missing = needs.filter((need) => !NEEDS[need]());
  if (missing.length === 0) test(name, body, timeout);
  else if (process.env.SESSIONS_REQUIRE_SERVERS !== '1') {
    test.skip(`${name} (skipped: needs ${missing.join(', ')})`, body);
  } else {
    test(name, () => {
      throw new Error(`needs ${missing.join(', ')}`);
    });
  }
}

/** Says in words what a test has found. */
export function report(text: string): void {
  process.stderr.write(`    found: ${text}\n`);
}

const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Worker {
  readonly child: ChildProcess;
  /** What it has said, with the word `ready` left out. */
  readonly lines: string[];
  readonly ready: Promise<unknown>;
  readonly ended: Promise<unknown>;
}

/** Starts the worker, with the words of `within` before its command. */
export function startWorker(
  task: string,
  path: string,
  options: SqliteOptions,
  args: readonly unknown[],
  { env = {}, within = [] }: { env?: Record<string, string>; within?: readonly string[] } = {},
): Worker {
  const words = [worker, task, path, JSON.stringify(options), ...args.map(String)];
  const [command = '', ...rest] = [...within, process.execPath, '--no-warnings', ...words];
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(command, rest, {
    env: { ...inherited, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  child.stdin.on('error', () => {}); // it may have been killed
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  const ready = new Promise((resolve) => {
    output.on('line', (line) => {
      if (line === 'ready') resolve(line);
      else lines.push(line);
    });
    child.on('close', resolve);
  });
  const ended = once(child, 'close').then(() => running.delete(child));
  return { child, lines, ready, ended };
}
