import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const LONGEST_START = 20_000;
const LONGEST_STOP = 5000;

/** A server that can be started, if it is on PATH. */
export interface Program {
  readonly program: string;
  /** The arguments that make the program listen there, and keep its files in the folder if given. */
  args(address: string, port: number, folder?: string): string[];
  /** What it logs once it can be used. */
  readonly ready: RegExp;
  url(host: string, port: number): string;
  /** Whom to run it as, if not as who runs the tests. Gets the folder as well. */
  readonly user?: number | undefined;
}

/** A server as a process of this machine, which tests may freeze, kill and start again. */
export class ServerProcess {
  readonly port: number;
  /** Where it keeps its files; survives a restart. */
  readonly folder: string;
  readonly #kind: Program;
  readonly #extra: readonly string[];
  #child: ChildProcess | undefined;
  readonly #killAtExit = () => this.#child?.kill('SIGKILL');

  private constructor(kind: Program, extra: readonly string[], port: number) {
    this.#kind = kind;
    this.#extra = extra;
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'sessions-server-'));
    if (kind.user !== undefined) chownSync(this.folder, kind.user, kind.user);
  }

  /** Starts the program with its usual arguments and some more, on a free port of 127.0.0.1. */
  static async start(
    kind: Program,
    extra: readonly string[] = [],
    port?: number,
  ): Promise<ServerProcess> {
    const server = new ServerProcess(kind, extra, port ?? (await freePort()));
    await server.start();
    return server;
  }

  get url(): string {
    return this.#kind.url('127.0.0.1', this.port);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it, again after `kill`. */
  async start(): Promise<void> {
    if (this.#child) return;
    const { program, args, ready, user } = this.#kind;
    const all = [...args('127.0.0.1', this.port, this.folder), ...this.#extra];
    const as = user === undefined ? {} : { uid: user, gid: user };
    const child = spawn(program, all, { stdio: ['ignore', 'pipe', 'pipe'], ...as });
    this.#child = child;
    process.once('exit', this.#killAtExit);
    let output = '';
    const { promise, resolve, reject } = withResolvers<void>();
    const fail = (why: string) => reject(new Error(`${program} ${why}\n${output.slice(-2000)}`));
    const timer = setTimeout(fail, LONGEST_START, 'did not start in time');
    const onData = (data: Buffer) => {
      output = (output + data).slice(-20_000);
      if (ready.test(output)) resolve();
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`exited with ${code}`));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
    child.stdout?.off('data', onData).resume();
    child.stderr?.off('data', onData).resume();
  }

  /** Stops it in the middle of whatever it does: connections stay, nothing is answered. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
    // The signal stops a server of many threads some milliseconds later.
    const end = performance.now() + LONGEST_STOP;
    while (this.pid !== 0 && isRunning(this.pid)) {
      if (performance.now() > end) throw new Error(`${this.#kind.program} did not stop`);
    }
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends it, by default without giving it time to write anything. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    process.off('exit', this.#killAtExit);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await gone;
  }

  /** Ends it and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A port of 127.0.0.1 that is free, and so is the one 10,000 above, which Redis Cluster takes. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

/** Waits until the condition holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  milliseconds = 20_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${milliseconds} ms`);
    await pause(20);
  }
}

/** Whether a thread of the process is not stopped, where Linux tells. */
function isRunning(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  const threads = `/proc/${pid}/task`;
  try {
    return readdirSync(threads).some(
      (thread) => !/\) [TZX] /.test(readFileSync(`${threads}/${thread}/stat`, 'latin1')),
    );
  } catch {
    return false; // it has ended
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}
