import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
// @ts-expect-error it has no types
import { findNode } from '../../../tooling/newer-node/find.js';
import { until } from '../../../tooling/servers/server-process.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));
const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** The Node that this kind of store needs; `undefined` if it is not there. */
export const nodeFor = (kind: string): string | undefined =>
  kind === 'sqlite' ? findNode('22.13') : process.execPath;

/** A process that does one task of `worker.js`. */
export class Worker {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  #errors = '';

  constructor(kind: string, ...args: readonly (string | number)[]) {
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.child = spawn(nodeFor(kind) ?? '', [worker, kind, ...args.map(String)], {
      env: { ...env, NODE_NO_WARNINGS: '1' },
    });
    running.add(this.child);
    this.child.stdin?.on('error', () => {}); // it may have been killed
    this.child.stderr?.on('data', (data) => {
      this.#errors += data;
    });
    if (this.child.stdout) {
      createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
    }
    this.ended = once(this.child, 'close').then(() => running.delete(this.child));
  }

  /** Waits until it is done with its task. */
  async done(): Promise<string[]> {
    await this.ended;
    if (this.child.exitCode !== 0) throw new Error(`it failed: ${this.#errors}`);
    return this.lines;
  }

  /** Waits until it has said so, or has ended. */
  async says(start: string, times = 1): Promise<void> {
    const count = () => this.lines.filter((line) => line.startsWith(start)).length;
    const isOver = () => !running.has(this.child) || count() >= times;
    await until(isOver, start, 120_000).catch(({ message }) => {
      throw new Error(`${message}: it said ${this.lines} ${this.#errors.slice(-3000)}`);
    });
  }

  tell(): void {
    this.child.stdin?.write('go\n');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
