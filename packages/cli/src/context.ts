import type { FullSessionStore, ListOptions, SessionStore } from '@sessions/core';
import { Failure, FOUND } from './failure.ts';
import { chooseStore, type Opened } from './open.ts';
import { Output } from './output.ts';
import { printable } from './printable.ts';
import { Progress } from './progress.ts';
import { Secrets } from './secrets.ts';

/** What a store warns of. */
export interface Warned {
  readonly message: string;
  readonly code?: string;
  /** With the hash of the id, if it is about one session. */
  readonly detail?: string;
}

/** What a command works with. */
export class Context {
  readonly folder: string = process.cwd();
  readonly #aborter = new AbortController();
  /** Aborts when the command shall end: its reason is the exit code, or an error. */
  readonly signal: AbortSignal = this.#aborter.signal;
  readonly progress: Progress = new Progress(process.stderr);
  readonly out: Output = new Output(process.stdout, this.signal, () => this.progress.clear());
  exitCode: number = 0;
  /** Whether Ctrl-C is for somebody else, such as an editor in the same terminal. */
  isDeaf: boolean = false;
  readonly #secrets = new Secrets();
  readonly #open: SessionStore[] = [];

  stop(reason: number | Error): void {
    this.#aborter.abort(reason);
  }

  /** A line on stderr, without secrets and without what a terminal would obey. */
  tell(text: string): void {
    this.progress.clear();
    process.stderr.write(`${printable(this.hide(text))}\n`);
  }

  hide(text: string): string {
    return this.#secrets.hide(text);
  }

  /** What a store warns of: here of sessions alone, as doctor tells the rest. `verify` takes it all. */
  onWarning: (warned: Warned) => void = ({ message, code, detail }) => {
    if (!code) return;
    this.exitCode ||= FOUND; // what is listed is not all
    this.tell(`warning: ${message}${detail ? `: ${detail}` : ''}`);
  };

  /**
   * The store of that text, or else the one that was set up. Unless `makes`, no folder, file, table or
   * index is made. It is closed when the command ends.
   */
  async open(text?: string, { makes = false }: { makes?: boolean } = {}): Promise<Opened> {
    const opened = await this.choose(text, makes);
    await opened.store.init();
    return opened;
  }

  /** The same, before it connects. */
  async choose(text: string | undefined, makes: boolean): Promise<Opened> {
    const onText = (each: string) => this.#secrets.learn(each);
    const where = { text, folder: this.folder, env: process.env, makes, onText };
    const opened = await chooseStore(where);
    this.#open.push(opened.store);
    return opened;
  }

  /** The options of a listing that ends when the command does. */
  listing(prefix?: string): ListOptions {
    return { signal: this.signal, ...(prefix && { prefix }) };
  }

  async close(): Promise<void> {
    this.progress.end();
    for (const store of this.#open.splice(0)) await (store as Partial<FullSessionStore>).close?.();
  }
}

/** Whether a store has more than the five methods. */
export function isFull(store: SessionStore): store is FullSessionStore {
  return typeof (store as FullSessionStore).versions === 'function';
}

/** The store, unless it has only the five methods, with which `what` cannot be done. */
export function full(store: SessionStore, what: string): FullSessionStore {
  if (isFull(store)) return store;
  throw new Failure(`this store has only the five methods, and ${what} needs more`);
}
