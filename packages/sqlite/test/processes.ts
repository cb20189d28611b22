import { fileURLToPath } from 'node:url';
import { type Surroundings, startProcess, type Worker } from '../../../tooling/processes.ts';
import type { SqliteOptions } from '../src/index.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

export function startWorker(
  task: string,
  path: string,
  options: SqliteOptions,
  args: readonly unknown[],
  surroundings?: Surroundings,
): Worker {
  return startProcess(worker, [task, path, JSON.stringify(options), ...args], surroundings);
}
