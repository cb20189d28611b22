import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Surroundings, startProcess, type Worker } from '../../../tooling/processes.ts';
import type { FileOptions } from '../src/index.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

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

export function startWorker(
  task: string,
  folder: string,
  options: FileOptions,
  args: readonly (string | number)[],
  surroundings?: Surroundings,
): Worker {
  return startProcess(worker, [task, folder, JSON.stringify(options), ...args], surroundings);
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
