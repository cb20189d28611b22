import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Worker } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import type { FileOptions } from '../../src/index.ts';
import { startWorker } from '../processes.ts';

/** One system call of the thread that works on files: the `nth` of its name. */
export interface Call {
  readonly name: string;
  readonly nth: number;
  readonly text: string;
}

export type Operation = readonly [method: string, id: string, ...values: unknown[]];

export interface Trace {
  readonly worker: Worker;
  /** The calls of that thread, in their order. */
  readonly calls: readonly Call[];
  /** The call that the fault struck, if it did. */
  readonly struck: string | undefined;
}

/**
 * Has a worker do one thing while strace watches it, from the moment before to the end. When the
 * fault stops it, it goes on after `meanwhile`; when the fault delays a call, `meanwhile` comes once
 * the worker has given up.
 */
export async function traced(
  folder: string,
  options: FileOptions,
  [method, id, ...values]: Operation,
  fault: { call: Call; effect: string } | undefined,
  meanwhile?: () => Promise<void>,
): Promise<Trace> {
  const args = [method, id, ...values.map((value) => JSON.stringify(value))];
  const worker = startWorker('once', folder, options, args, { env: { UV_THREADPOOL_SIZE: '1' } });
  await worker.ready;
  const thread = await fileThread(worker.pid);
  const log = join(await temporaryFolder(), 'strace.log');
  const { call, effect } = fault ?? {};
  const strace = spawn(
    'strace',
    [
      ...['-q', '-s', '16', '-o', log, '-p', thread],
      ...(call ? ['-e', `inject=${call.name}:${effect}:when=${call.nth}`] : []),
    ],
    { stdio: 'ignore' },
  );
  const detached = once(strace, 'close');
  await attached(worker.pid, thread);
  worker.child.stdin?.write('go\n');
  const isDelayed = () => effect?.startsWith('delay') === true && worker.lines.length > 0;
  if (meanwhile && (await isStopped(worker, log, isDelayed))) {
    await meanwhile();
    while (worker.child.kill('SIGCONT') && !hasEnded(worker)) await pause(20);
  }
  await Promise.all([worker.ended, detached]);
  const text = await readFile(log, 'utf8');
  await rm(log);
  const mark = / \(INJECTED\)|\n(?:---|\+\+\+) .*SIG(?:KILL|STOP)/;
  const before = text.slice(0, mark.exec(text)?.index ?? 0).split('\n');
  const struck = call && before.findLast((line) => line.startsWith(`${call.name}(`));
  return { worker, calls: callsIn(text), struck };
}

function hasEnded({ child }: Worker): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** The thread that works on files: there is one, and no other but the first has read anything. */
async function fileThread(pid: number): Promise<string> {
  const threads = (await readdir(`/proc/${pid}/task`)).filter((thread) => thread !== `${pid}`);
  const calls = async (thread: string) => {
    const io = await readFile(`/proc/${pid}/task/${thread}/io`, 'utf8');
    return Number(/^syscr: (\d+)$/m.exec(io)?.[1]);
  };
  const counts = await Promise.all(threads.map(calls));
  return threads[counts.indexOf(Math.max(...counts))] ?? '';
}

/** Waits until the worker is stopped, or has come to its end without. */
async function isStopped(worker: Worker, log: string, isDelayed: () => boolean): Promise<boolean> {
  while (!hasEnded(worker)) {
    if (isDelayed()) return true;
    if ((await readFile(log, 'utf8')).includes('--- stopped by SIGSTOP ---')) return true;
    await pause(5);
  }
  return false;
}

async function attached(pid: number, thread: string): Promise<void> {
  const isTraced = async () =>
    !/^TracerPid:\s*0$/m.test(await readFile(`/proc/${pid}/task/${thread}/status`, 'utf8'));
  while (!(await isTraced())) await pause(5);
}

function callsIn(log: string): Call[] {
  const counts = new Map<string, number>();
  return [...log.matchAll(/^(\w+)\((.*)$/gm)].map(([, name = '', text = '']) => {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return { name, nth, text };
  });
}

/**
 * Where to strike. How often the thread says that it has done something (a `write` as well) varies,
 * so around the `write` of data there are some more.
 */
export function targets(calls: readonly Call[]): Call[] {
  const isWakeUp = ({ text }: Call) => text.includes('"\\1\\0\\0\\0');
  return calls.flatMap((call) => {
    if (
      /^(futex|exit|rt_.*|sched_.*|m(un)?map|mprotect|madvise|brk)$/.test(call.name) ||
      isWakeUp(call)
    )
      return [];
    if (call.name !== 'write') return [call];
    return [-2, -1, 0, 1, 2].map((by) => ({ ...call, nth: Math.max(1, call.nth + by) }));
  });
}

/** Two at a time, as there is a lot of waiting in it. */
export async function forEach<T>(
  items: readonly T[],
  body: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await body(item);
  };
  await Promise.all([work(), work()]);
}
