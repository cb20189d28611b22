import { Budget, within } from './budget.ts';
import { type Driver, type DriverEntry, isRecord, type SessionRecord } from './driver.ts';
import { hashId, isSessionError, SessionError } from './errors.ts';

export type Awaitable<T> = T | PromiseLike<T>;

type Action = 'open' | 'get' | 'put' | 'delete' | 'list' | 'prune' | 'close';
const CHANGES: readonly Action[] = ['put', 'delete', 'prune'];

/** A driver that is opened when needed, answers in time, and whose errors say what they mean. */
export class Backend {
  readonly #driver: Driver;
  readonly #timeout: number;
  readonly warn: (warning: Error) => void;
  readonly #inFlight = new Set<PromiseLike<unknown>>();
  #opened = false;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(driver: Driver, timeout: number, warn: (warning: Error) => void) {
    this.#driver = driver;
    this.#timeout = timeout;
    this.warn = warn;
  }

  /** What one operation may spend, unless it has to share. */
  budget(): Budget {
    return new Budget(this.#timeout);
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Opens the driver, once for all who wait, and again after it failed. */
  async ready(budget: Budget, id?: string): Promise<void> {
    if (this.isClosed) throw new SessionError('CLOSED', 'the store is closed', { id });
    if (this.#opened) return;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    await this.#bounded('open', id, budget, this.#opening, budget.left);
  }

  get(id: string, budget: Budget): Awaitable<SessionRecord | null> {
    const record = this.#ask('get', id, budget, (ms) => this.#driver.get(id, ms));
    return isPromise(record) ? record.then((late) => checked(late, id)) : checked(record, id);
  }

  put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    budget: Budget,
    patience?: number,
  ): Awaitable<boolean> {
    const put = (ms: number) => this.#driver.put(id, record, expected, ms);
    return this.#ask('put', id, budget, put, patience);
  }

  delete(
    id: string,
    expected: string | undefined,
    budget: Budget,
    patience?: number,
  ): Awaitable<boolean> {
    const remove = (ms: number) => this.#driver.delete(id, expected, ms);
    return this.#ask('delete', id, budget, remove, patience);
  }

  /** Removes some of what has expired, and answers how many; `undefined` if the driver cannot. */
  prune(now: number): Awaitable<number> | undefined {
    if (!this.#driver.prune) return undefined;
    const prune = (ms: number) => this.#driver.prune?.(now, ms) ?? 0;
    return this.#ask('prune', undefined, this.budget(), prune);
  }

  /** All records that can be read; for each of the others there is a warning. */
  async *records(
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly [id: string, record: SessionRecord], void> {
    signal?.throwIfAborted();
    const step = <T>(call: () => Awaitable<T>) => this.#ask('list', undefined, this.budget(), call);
    const entries = await step(() => this.#driver.entries());
    const iterator: Iterator<DriverEntry> | AsyncIterator<DriverEntry> =
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
        if (value === null) continue;
        if (!Array.isArray(value)) this.warn(unreadable(value));
        else if (!isRecord(value[1])) this.warn(corrupt(value[0]));
        else yield value as readonly [string, SessionRecord];
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      const cleanUp = async () => iterator.return?.();
      const left = this.#bounded('list', undefined, this.budget(), cleanUp(), this.#timeout);
      // One that hangs hears of it when it goes on. No error of this takes the place of another.
      const heard = failed || this.isClosed ? left.catch(() => {}) : left;
      if (idle) await heard;
    }
  }

  /** Waits for the calls under way, then lets the driver go, once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<void> {
    await this.#driver.open?.(this.#timeout, this.warn);
    if (this.isClosed) await this.#driver.close?.();
    else this.#opened = true;
  }

  async #close(): Promise<void> {
    const budget = this.budget();
    const stop = budget.wait();
    await Promise.allSettled([...this.#inFlight]);
    stop();
    if (!this.#opened) return;
    const close = async () => this.#driver.close?.();
    await this.#bounded('close', undefined, budget, close(), Math.max(budget.left, 50));
  }

  #ask<T>(
    action: Action,
    id: string | undefined,
    budget: Budget,
    call: (ms: number) => Awaitable<T>,
    patience: number = budget.left,
  ): Awaitable<T> {
    if (!this.#opened || this.#closing) {
      return this.ready(budget, id).then(() => this.#ask(action, id, budget, call, patience));
    }
    const ms = Math.ceil(Math.min(patience, budget.left));
    if (ms <= 0) throw new SessionError('TIMEOUT', `no time was left to ${action}`, { id });
    let answer: Awaitable<T>;
    try {
      answer = call(ms);
    } catch (error) {
      throw explain(error, action, id);
    }
    return isPromise(answer) ? this.#bounded(action, id, budget, answer, ms) : answer;
  }

  async #bounded<T>(
    action: Action,
    id: string | undefined,
    budget: Budget,
    answer: PromiseLike<T>,
    ms: number,
  ): Promise<T> {
    const stop = budget.wait();
    const settled = within(answer, ms, () => failure('TIMEOUT', action, id));
    this.#inFlight.add(settled);
    try {
      return await settled;
    } catch (error) {
      throw explain(error, action, id);
    } finally {
      this.#inFlight.delete(settled);
      stop();
    }
  }
}

export function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null)?.then === 'function';
}

export function corrupt(id: string, cause?: unknown): SessionError {
  return new SessionError('CORRUPT', 'the record is not one that a store wrote', { id, cause });
}

function unreadable(cause: unknown): Error {
  if (isSessionError(cause)) return cause;
  return new SessionError('CORRUPT', 'a record cannot be read', { cause });
}

/** The error itself, with the hash of the id if it is a `SessionError` that has none. */
export function withHash(error: unknown, id: string | undefined): unknown {
  if (isSessionError(error) && id !== undefined) error.idHash ??= hashId(id);
  return error;
}

function explain(error: unknown, action: Action, id: string | undefined): unknown {
  return isSessionError(error) ? withHash(error, id) : failure('UNAVAILABLE', action, id, error);
}

function failure(
  code: 'TIMEOUT' | 'UNAVAILABLE',
  action: Action,
  id: string | undefined,
  cause?: unknown,
): SessionError {
  const what = code === 'TIMEOUT' ? 'did not answer in time' : 'failed';
  const outcome = CHANGES.includes(action) ? 'unknown' : 'not-applied';
  return new SessionError(code, `the backend ${what}: ${action}`, { id, outcome, cause });
}

function checked(record: SessionRecord | null, id: string): SessionRecord | null {
  if (record !== null && !isRecord(record)) throw corrupt(id);
  return record;
}
