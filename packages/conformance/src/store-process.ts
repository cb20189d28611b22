import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Elsewhere } from './backend.ts';
import type { Reply, Request } from './child.ts';

// As JavaScript, also where this module is run from its source.
const PROGRAM = fileURLToPath(new URL('../dist/child.js', import.meta.url));
const LONGEST = 25_000;
const LONGEST_END = 3000;

/** A process of its own that has a store on the backend. */
export class StoreProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';

  constructor() {
    // Options of this process may be of its test runner.
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const;
    this.#child = fork(PROGRAM, { execArgv: [], stdio: [...stdio] });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output?.on('data', (data) => {
        this.#said += data;
      });
    }
    this.#ended = once(this.#child, 'close').catch((error: unknown) => {
      this.#said += error;
    });
  }

  async open({ module, argument }: Elsewhere): Promise<void> {
    const options = { timeout: LONGEST / 2 }; // the promises are about what is stored, not when
    await this.#ask({ module: urlOf(module), argument, options });
  }

  /** Adds 1 to the `n` of each of these sessions in turn; answers what it then was. */
  async update(ids: readonly string[]): Promise<(number | undefined)[]> {
    return (await this.#ask({ update: ids })) as (number | undefined)[];
  }

  /** Closes the store; fails unless the process then ends by itself. */
  async leave(): Promise<void> {
    await this.#ask('close');
    await Promise.race([this.#ended, pause(LONGEST_END, undefined, { ref: false })]);
    if (this.#child.exitCode === 0) return;
    const how = this.#end ?? `was still running ${LONGEST_END} ms later`;
    throw this.#failure(`closed its store, and ${how}`);
  }

  /** Ends the process, if it is there still. */
  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #ask(request: Request): Promise<unknown> {
    this.#child.send(request, () => {}); // when it has ended, that is what is told
    const reply: Reply | undefined = await Promise.race([
      once(this.#child, 'message').then(([message]) => message),
      this.#ended.then(() => {}),
      pause(LONGEST, undefined, { ref: false }),
    ]);
    if (reply && 'error' in reply) throw this.#failure(`failed with ${reply.error}`);
    if (reply) return reply.answer;
    const end = this.#end;
    throw this.#failure(end ? `${end} in place of an answer` : `did not answer in ${LONGEST} ms`);
  }

  /** How the process has ended; nothing while it runs. */
  get #end(): string | undefined {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return undefined;
    return `ended with ${signalCode ?? `code ${exitCode}`}`;
  }

  #failure(what: string): Error {
    const said = this.#said === '' ? '' : `; it said:\n${this.#said}`;
    return new Error(`a process with a store of its own ${what}${said}`);
  }
}

function urlOf(module: URL | string): string {
  const text = String(module);
  return /^[a-z]{2,}:/i.test(text) ? text : pathToFileURL(resolve(text)).href;
}
