import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';

export const packageFolder = fileURLToPath(new URL('..', import.meta.url));
export const cli = join(packageFolder, 'dist/cli.js');
const made: string[] = [];

afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

/** A folder, removed at the end, in which these packages are installed. */
export async function project(...packages: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sessions-cli-'));
  made.push(folder);
  for (const name of new Set(packages)) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(packageFolder, 'node_modules', name), path);
  }
  return folder;
}

export interface How {
  readonly env?: Record<string, string>;
  /** What comes through stdin. */
  readonly input?: string;
  /** The Node to run. */
  readonly node?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in a folder. */
export function run(cwd: string, args: readonly string[], how: How = {}): Promise<Ended> {
  return new Running(how.node ?? process.execPath, [cli, ...args], cwd, how).ended;
}

/** Starts the command in a folder. */
export function start(cwd: string, args: readonly string[], how: How = {}): Running {
  return new Running(process.execPath, [cli, ...args], cwd, how);
}

/** Starts a command line in a terminal of its own. */
export function inTerminal(
  cwd: string,
  command: string,
  env: Record<string, string> = {},
): Running {
  // In CI Node takes no terminal for a coloured one. A shell that stayed would hear Ctrl-C, too.
  const line = `stty cols 100; unset CI; exec ${command}`;
  return new Running(
    'script',
    ['-qec', line, '/dev/null'],
    cwd,
    { env: { TERM: 'xterm', SHELL: '/bin/sh', ...env } },
    true,
  );
}

/** The command as a terminal is given it. */
export function typed(...args: string[]): string {
  return [process.execPath, cli, ...args].map((word) => `'${word}'`).join(' ');
}

/** An editor for $EDITOR: a program in which `file` is the file to edit, and `fs` what changes it. */
export async function editor(folder: string, program: string): Promise<string> {
  const path = join(folder, 'editor.mjs');
  await writeFile(path, `import fs from 'node:fs';\nconst file = process.argv[2];\n${program}`);
  return `"${process.execPath}" "${path}"`;
}

/** A program that runs, with what it has printed so far. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  /** `isTyped`: what comes through stdin is typed later. */
  constructor(file: string, args: readonly string[], cwd: string, how: How, isTyped = false) {
    // pnpm sets NODE_PATH, by which the other packages of this repository would be found.
    const own = { NODE_PATH: '', NODE_OPTIONS: '', NODE_NO_WARNINGS: '', FORCE_COLOR: undefined };
    const env = { ...process.env, ...own, NO_COLOR: undefined, SESSIONS_STORE: '', ...how.env };
    this.child = spawn(file, args, { cwd, env: { TERM: 'xterm', ...env } });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.stdin?.on('error', () => {}); // it ended without reading
    if (!isTyped) this.child.stdin?.end(how.input ?? '');
    this.ended = once(this.child, 'close').then(([code]) => {
      const { stdout, stderr } = this;
      return { code: code as number | null, stdout, stderr };
    });
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Waits until it has printed what matches. */
  async until(pattern: RegExp): Promise<void> {
    const output = () => `${this.stdout}\n${this.stderr}`;
    const ended = this.ended.then(() => true);
    while (!pattern.test(output())) {
      const { stdout, stderr } = this.child;
      const heard = new AbortController();
      const { signal } = heard;
      const more = [stdout, stderr].map((stream) => stream && once(stream, 'data', { signal }));
      for (const each of more) each?.catch(() => {}); // the other stream said something
      const isOver = (await Promise.race([ended, ...more])) === true;
      heard.abort();
      if (!isOver) continue;
      if (pattern.test(output())) return;
      throw new Error(`it ended before it printed ${pattern}:\n${output()}`);
    }
  }
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
