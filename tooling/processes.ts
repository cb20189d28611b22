import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, test } from '@jest/globals';

/** With `pnpm soak` the tests try more. */
export const isSoak = process.env.SESSIONS_SOAK === '1';

const NEEDS = {
  linux: () => process.platform === 'linux',
  root: () => process.getuid?.() === 0,
  strace: () => spawnSync('strace', ['-V']).status === 0,
  unshare: () => spawnSync('unshare', ['-pf', '--mount-proc', 'true']).status === 0,
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

export interface Worker {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly pid: number;
  /** What it has said, with the word `ready` left out. */
  readonly lines: string[];
  readonly ready: Promise<unknown>;
  readonly ended: Promise<unknown>;
}

export interface Surroundings {
  readonly env?: Record<string, string>;
  /** A command to put before that of the worker. */
  readonly within?: readonly string[];
}

const running = new Set<ChildProcess>();

/** Runs a module with these arguments in a process of its own, until the tests of this file are over. */
export function startProcess(
  module: string,
  args: readonly unknown[],
  { env = {}, within = [] }: Surroundings = {},
): Worker {
  const words = [process.execPath, '--no-warnings', module, ...args.map(String)];
  const [command = '', ...rest] = [...within, ...words];
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
  return { child, pid: child.pid ?? 0, lines, ready, ended };
}

/**
 * Runs a module in a process for each list of arguments, tells all of them to go on once they are ready,
 * and resolves with how each has ended: its exit code, or the signal.
 */
export async function runAtOnce(
  module: string,
  ...lists: readonly (readonly unknown[])[]
): Promise<(number | string | null)[]> {
  const workers = lists.map((args) => startProcess(module, args));
  await Promise.all(workers.map(({ ready }) => ready));
  for (const { child } of workers) child.stdin.write('go\n');
  await Promise.all(workers.map(({ ended }) => ended));
  return workers.map(({ child }) => child.exitCode ?? child.signalCode);
}

/** Stops one process after the other, so many times, each for so many milliseconds at most; then kills all. */
export async function stopAtRandom(
  workers: readonly Worker[],
  stops: number,
  longest: number,
): Promise<void> {
  await Promise.all(workers.map(({ ready }) => ready));
  for (let stop = 0; stop < stops; stop++) {
    const { child } = workers[stop % workers.length] as Worker;
    child.kill('SIGSTOP');
    await pause(Math.random() * longest);
    child.kill('SIGCONT');
    await pause(20);
  }
  for (const { child } of workers) child.kill('SIGKILL');
  await Promise.all(workers.map(({ ended }) => ended));
}

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});
