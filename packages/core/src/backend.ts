import { type Awaitable, isPromise, when } from './awaitable.ts';
import { Deadline } from './deadline.ts';
import {
  type Driver,
  type DriverEntry,
  type DriverId,
  isRecord,
  type SessionRecord,
} from './driver.ts';
import { isSessionError, SessionError } from './errors.ts';
import { isExpired } from './expiry.ts';
import { type Action, corrupt, explain, failure, unreadable } from './failure.ts';
import type { ListOptions } from './session-store.ts';

/** A driver that is opened when needed, answers in time, and whose errors say what they mean. */
export class Backend {
  readonly #driver: Driver<unknown>;
  readonly #timeout: number;
  readonly warn: (warning: Error) => void;
  #inFlight = 0;
  #onIdle: (() => void) | undefined;
  #opened = false;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(driver: Driver<unknown>, timeout: number, warn: (warning: Error) => void) {
    this.#driver = driver;
    this.#timeout = timeout;
    this.warn = warn;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Opens the driver, once for all who wait, and again after it failed. */
  async ready(deadline: Deadline = new Deadline(this.#timeout), id?: string): Promise<void> {
    if (this.isClosed) throw new SessionError('CLOSED', 'the store is closed', { id });
    if (this.#opened) return;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    await this.#bounded('open', id, deadline, this.#opening, deadline.left);
  }

  // Without a deadline a call has all of `timeout` to itself, and nothing to count.

  get(id: string, deadline?: Deadline): Awaitable<SessionRecord<unknown> | null> {
    const record = this.#ask('get', id, deadline, (ms) => this.#driver.get(id, ms));
    return when(record, (found) => {
      if (found !== null && !isRecord(found)) throw corrupt(id);
      return found;
    });
  }

  put(
    id: string,
    record: SessionRecord<unknown>,
    expected: string | null | undefined,
    deadline?: Deadline,
    patience?: number,
  ): Awaitable<boolean> {
    const put = (ms: number) => this.#driver.put(id, record, expected, ms);
    return this.#ask('put', id, deadline, put, patience);
  }

  delete(
    id: string,
    expected: string | undefined,
    deadline?: Deadline,
    patience?: number,
  ): Awaitable<boolean> {
    const remove = (ms: number) => this.#driver.delete(id, expected, ms);
    return this.#ask('delete', id, deadline, remove, patience);
  }

  /** Removes some of what has expired, and answers how many; `undefined` if the driver cannot. */
  prune(now: number): Awaitable<number> | undefined {
    if (!this.#driver.prune) return undefined;
    const prune = (ms: number) => this.#driver.prune?.(now, ms) ?? 0;
    return this.#ask('prune', undefined, undefined, prune);
  }

  /** What `pick` makes of each record whose id begins so. For what cannot be read there is a warning. */
  records<T>(
    { prefix = '', signal }: ListOptions,
    pick: (id: string, record: SessionRecord<unknown>) => T | undefined,
  ): AsyncGenerator<T, void> {
    const list = () => this.#driver.entries(prefix);
    return this.#list(list, signal, (entry: Exclude<DriverEntry<unknown>, null>) => {
      try {
        if (!Array.isArray(entry)) throw unreadable(entry);
        const [id, record] = entry as readonly [string, SessionRecord<unknown>];
        if (!id.startsWith(prefix)) return undefined;
        if (!isRecord(record)) throw corrupt(id);
        return pick(id, record);
      } catch (error) {
        if (Array.isArray(entry) && !isSessionError(error, 'CORRUPT')) throw error;
        this.warn(error as Error);
        return undefined;
      }
    });
  }

  /** The ids that begin so, without what has expired; `undefined` if the driver cannot tell them. */
  ids({ prefix = '', signal }: ListOptions, now: () => number): AsyncGenerator<string> | undefined {
    if (!this.#driver.ids) return undefined;
    const list = () => this.#driver.ids?.(prefix) ?? [];
    return this.#list(list, signal, (entry: DriverId) => {
      const [id, expiresAt] = typeof entry === 'string' ? [entry, null] : entry;
      return id.startsWith(prefix) && !isExpired({ expiresAt }, now()) ? id : undefined;
    });
  }

  /** Waits for the calls under way, then lets the driver go, once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async *#list<E, T>(
    list: () => AsyncIterable<E | null> | Iterable<E | null>,
    signal: AbortSignal | undefined,
    pick: (entry: E) => T | undefined,
  ): AsyncGenerator<T, void> {
    signal?.throwIfAborted();
    const step = <R>(call: () => Awaitable<R>) => this.#ask('list', undefined, undefined, call);
    const entries = await step(list);
    const iterator: Iterator<E | null> | AsyncIterator<E | null> =
      Symbol.asyncIterator in entries
        ? entries[Symbol.asyncIterator]()
        : entries[Symbol.iterator]();
    let idle = true;
    let failed = false;
    try {
      for (;;) {
        signal?.throwIfAborted();
        idle = false;
        const { done, value } = await step(() => iterator.next());
        idle = true;
        if (done) return;
        const picked = value === null ? undefined : pick(value);
        if (picked !== undefined) yield picked;
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      const cleanUp = async () => iterator.return?.();
      const left = this.#bounded('list', undefined, undefined, cleanUp(), this.#timeout);
      // One that hangs hears of it when it goes on. No error of this takes the place of another.
      const heard = failed || this.isClosed ? left.catch(() => {}) : left;
      if (idle) await heard;
    }
  }

  async #open(): Promise<void> {
    await this.#driver.open?.(this.#timeout, this.warn);
    if (this.isClosed) await this.#driver.close?.();
    else this.#opened = true;
  }

  async #close(): Promise<void> {
    const start = performance.now();
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    if (!this.#opened) return;
    const close = async () => this.#driver.close?.();
    const left = this.#timeout - (performance.now() - start);
    await this.#bounded('close', undefined, undefined, close(), Math.max(left, 50));
  }

  #ask<T>(
    action: Action,
    id: string | undefined,
    deadline: Deadline | undefined,
    call: (ms: number) => Awaitable<T>,
    patience = Infinity,
  ): Awaitable<T> {
    if (!this.#opened || this.#closing) {
      const end = deadline ?? new Deadline(this.#timeout);
      return this.ready(end, id).then(() => this.#ask(action, id, end, call, patience));
    }
    const ms = deadline ? Math.ceil(Math.min(patience, deadline.left)) : this.#timeout;
    let answer: Awaitable<T>;
    try {
      if (ms <= 0) throw new SessionError('TIMEOUT', `no time left to ${action}`);
      answer = call(ms);
    } catch (error) {
      return Promise.reject(explain(error, action, id));
    }
    return isPromise(answer) ? this.#bounded(action, id, deadline, answer, ms) : answer;
  }

  /** Settles as the answer does, or rejects after so many milliseconds. */
  #bounded<T>(
    action: Action,
    id: string | undefined,
    deadline: Deadline | undefined,
    answer: PromiseLike<T>,
    ms: number,
  ): Promise<T> {
    this.#inFlight++;
    deadline?.start();
    return new Promise<T>((resolve, reject) => {
      let isOver = false;
      const end = () => {
        isOver = true;
        clearTimeout(timer);
        deadline?.stop();
        if (--this.#inFlight === 0) this.#onIdle?.();
      };
      const timer = setTimeout(() => {
        end();
        reject(failure('TIMEOUT', action, id));
      }, ms);
      answer.then(
        (value) => {
          if (isOver) return;
          end();
          resolve(value);
        },
        (error: unknown) => {
          if (isOver) return;
          end();
          reject(explain(error, action, id));
        },
      );
    });
  }
}
