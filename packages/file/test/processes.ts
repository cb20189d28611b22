import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, test } from '@jest/globals';
import type { FileOptions } from '../src/index.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

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
  timeout: number,
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

/** For `within`: to root no file of its own is closed, but for this. */
export const MORTAL: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];

/** Runs a module in a process of its own, and gives the lines that it prints. */
export function run(program: string, within: readonly string[] = []): string[] {
  const words = [...within, process.execPath, '--input-type=module', '--eval', program];
  const [command = '', ...rest] = words;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { status, stdout, stderr } = spawnSync(command, rest, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env,
  });
  if (status !== 0 || stderr !== '') throw new Error(`${status} ${stdout}${stderr}`);
  return stdout.split('\n').slice(0, -1);
}

export interface Worker {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has said, with the word `ready` left out. */
  readonly lines: string[];
  readonly ready: Promise<unknown>;
  readonly ended: Promise<unknown>;
}

interface Surroundings {
  readonly env?: Record<string, string>;
  /** A command to put before that of the worker. */
  readonly within?: readonly string[];
}

export function startWorker(
  task: string,
  folder: string,
  options: FileOptions,
  args: readonly (string | number)[],
  { env = {}, within = [] }: Surroundings = {},
): Worker {
  const words = [worker, task, folder, JSON.stringify(options), ...args.map(String)];
  const [command = '', ...rest] = [...within, process.execPath, ...words];
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

export function acknowledged(workers: readonly Worker[]): number {
  return linesOf(workers).filter((line) => line === 'acknowledged').length;
}

/** What became of all other calls. */
export function rejected(workers: readonly Worker[]): string[] {
  return linesOf(workers).filter((line) => line !== 'acknowledged');
}

function linesOf(workers: readonly Worker[]): string[] {
  return workers.flatMap(({ lines }) => lines);
}
