import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { until } from '../../../tooling/servers/server-process.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));
const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process that does one task of `worker.js`. */
export class Worker {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;

  constructor(...args: readonly (string | number)[]) {
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.child = spawn(process.execPath, [worker, ...args.map(String)], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running.add(this.child);
    this.child.stdin?.on('error', () => {}); // it may have been killed
    if (this.child.stdout) {
      createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
    }
    this.ended = once(this.child, 'close').then(() => running.delete(this.child));
  }

  /** Waits until it has said so. */
  async says(start: string): Promise<string> {
    const find = () => this.lines.find((line) => line.startsWith(start));
    await until(() => find() !== undefined, `${start} (it said ${this.lines})`);
    return find() as string;
  }

  tell(): void {
    this.child.stdin?.write('go\n');
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
