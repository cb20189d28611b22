import { setTimeout } from 'node:timers/promises';
import { Budget, within } from './budget.ts';
import {
  type Capabilities,
  type Driver,
  type DriverEntry,
  HISTORY_LENGTH,
  historyAfter,
  newEtag,
  type SessionRecord,
} from './driver.ts';
import { hashId, isSessionError, type Outcome, SessionError } from './errors.ts';
import { checkExpiresIn, DEFAULT_EXPIRES_IN, expiryAt, isExpired } from './expiry.ts';
import { checkId } from './id.ts';
import { copyIn, copyOut } from './json.ts';
import { Lines } from './line.ts';
import type { FullSessionStore, InterruptOptions, Session, StoreOptions } from './session-store.ts';

const DEFAULT_TIMEOUT = 5000;
const DEFAULT_MAX_SESSION_BYTES = 8 * 1024 * 1024;
const LONGEST_TIMER = 2 ** 31 - 1;
const LONGEST_PAUSE = 250;

type Awaitable<T> = T | PromiseLike<T>;

/** The store over a driver: every promise that does not depend on the backend is kept here. */
export class DriverStore<S extends Session = Session> implements FullSessionStore<S> {
  readonly #driver: Driver;
  readonly #expiresIn: number;
  readonly #timeout: number;
  readonly #maxSessionBytes: number;
  readonly #now: () => number;
  readonly #onWarning: (warning: Error) => void;
  readonly #lines = new Lines();
  readonly #inFlight = new Set<PromiseLike<unknown>>();
  #opened = false;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** `options` is a lifetime in minutes, or an object. */
  constructor(driver: Driver, options: number | StoreOptions = {}) {
    const {
      expiresIn = DEFAULT_EXPIRES_IN,
      timeout = DEFAULT_TIMEOUT,
      maxSessionBytes = DEFAULT_MAX_SESSION_BYTES,
      now = Date.now,
      onWarning = emitWarning,
    } = typeof options === 'object' && options !== null ? options : { expiresIn: options };
    checkExpiresIn(expiresIn);
    checkAmount('timeout', timeout, 'milliseconds', LONGEST_TIMER);
    checkAmount('maxSessionBytes', maxSessionBytes, 'bytes', Infinity);
    checkFunction('now', now);
    checkFunction('onWarning', onWarning);
    this.#driver = driver;
    this.#expiresIn = expiresIn;
    this.#timeout = timeout;
    this.#maxSessionBytes = maxSessionBytes;
    this.#now = now;
    this.#onWarning = onWarning;
  }

  get capabilities(): Capabilities {
    return this.#driver.capabilities;
  }

  async init(): Promise<this> {
    await this.#ready(new Budget(this.#timeout));
    return this;
  }

  async read(id: string): Promise<S | null> {
    checkId(id);
    const record = this.#get(id, new Budget(this.#timeout));
    return this.#live(isPromise(record) ? await record : record, id);
  }

  async write(id: string, session: S): Promise<void> {
    checkId(id);
    const record = this.#record(id, session, []);
    const done = this.#ask('put', id, new Budget(this.#timeout), (ms) =>
      this.#driver.put(id, record, undefined, ms),
    );
    if (isPromise(done)) await done;
  }

  async destroy(id: string): Promise<void> {
    checkId(id);
    await this.#ask('delete', id, new Budget(this.#timeout), (ms) =>
      this.#driver.delete(id, undefined, ms),
    );
  }

  async all(): Promise<S[]> {
    const sessions: S[] = [];
    for await (const [, session] of this.entries()) sessions.push(session);
    return sessions;
  }

  async *entries(options: InterruptOptions = {}): AsyncGenerator<[id: string, session: S], void> {
    for await (const [id, record] of this.#records(options)) {
      const session = this.#live(record, id);
      if (session) yield [id, session];
    }
  }

  async update(
    id: string,
    change: (session: S | null) => S | null | Promise<S | null>,
  ): Promise<S | null> {
    checkId(id);
    checkFunction('change', change);
    const next = async (record: SessionRecord | null) => {
      const session = await change(this.#live(record, id));
      if (session === undefined) {
        throw new TypeError('change returned undefined; return the session, or null to destroy it');
      }
      return session;
    };
    return (await this.#swap(id, next)) ?? null;
  }

  async touch(id: string): Promise<boolean> {
    checkId(id);
    const session = await this.#swap(id, (record) => this.#live(record, id) ?? undefined);
    return session !== undefined;
  }

  async prune(options: InterruptOptions = {}): Promise<number> {
    let pruned = 0;
    for await (const [id, record] of this.#records(options)) {
      if (!isExpired(record, this.#now())) continue;
      const gone = await this.#ask('delete', id, new Budget(this.#timeout), (ms) =>
        this.#driver.delete(id, record.etag, ms),
      );
      if (gone) pruned++;
    }
    return pruned;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Reads the record, asks `next` what should follow, and puts that in its place; all again when
   * somebody else was faster. `next` answers `null` to destroy, `undefined` to leave all as it is.
   */
  #swap(
    id: string,
    next: (record: SessionRecord | null) => Awaitable<S | null | undefined>,
  ): Promise<S | null | undefined> {
    const swap = async (budget: Budget) => {
      const doubts: Doubt<S>[] = [];
      let doubt: Doubt<S> | undefined;
      for (let attempt = 0; ; attempt++) {
        let found: SessionRecord | null;
        try {
          found = await this.#get(id, budget);
        } catch (error) {
          throw doubt?.error ?? error;
        }
        // An earlier command of ours may have arrived as late as now.
        const applied = doubts.find((each) => isAmong(each.etag, found));
        if (applied) return applied.session;
        if (doubt) {
          const fate = fateOf(doubt, found);
          if (fate === 'unknown') throw doubt.error;
          if (fate === 'applied') return doubt.session;
          doubt = undefined;
        }
        const session = await next(found);
        if (session === undefined || (session === null && found === null)) return session;

        const record = session && this.#record(id, session, found ? historyAfter(found) : []);
        const expected = found ? found.etag : null;
        const { done, lost } = await this.#insist(id, budget, record ? 'put' : 'delete', (ms) =>
          record
            ? this.#driver.put(id, record, expected, ms)
            : this.#driver.delete(id, expected ?? undefined, ms),
        );
        const stored = record && copyOut(record.session as S);
        if (done) return stored;
        if (lost) {
          doubt = { error: lost, expected, etag: record?.etag, session: stored };
          doubts.push(doubt);
        }
        await pause(attempt, budget);
        if (budget.left <= 0) {
          throw (
            doubt?.error ?? new SessionError('CONFLICT', 'others kept changing the session', { id })
          );
        }
      }
    };
    return this.#lines.run(id, swap, this.#timeout);
  }

  /**
   * Sends one command until its answer is known. Repeating it is safe, as a repeat is recognised by
   * its etag, and it is the shortest way to learn what became of the first. `lost` is the error
   * that came in place of an answer, if one did.
   */
  async #insist(
    id: string,
    budget: Budget,
    action: 'put' | 'delete',
    command: (ms: number) => Awaitable<boolean>,
  ): Promise<{ done: boolean; lost: SessionError | undefined }> {
    let lost: SessionError | undefined;
    for (let attempt = 0; ; attempt++) {
      // A lost answer must leave time to ask again.
      const patience = budget.left > this.#timeout / 8 ? budget.left / 2 : budget.left;
      try {
        return { done: await this.#ask(action, id, budget, command, patience), lost };
      } catch (error) {
        if (!lost && !(isSessionError(error) && error.outcome === 'unknown')) throw error;
        lost ??= error as SessionError;
        await pause(attempt, budget);
        if (budget.left <= 0 || this.#closing) throw lost;
      }
    }
  }

  #get(id: string, budget: Budget): Awaitable<SessionRecord | null> {
    const record = this.#ask('get', id, budget, (ms) => this.#driver.get(id, ms));
    return isPromise(record) ? record.then((late) => checked(late, id)) : checked(record, id);
  }

  /** A private copy of the session in a record that is there and has not expired. */
  #live(record: SessionRecord | null, id: string): S | null {
    if (record === null || isExpired(record, this.#now())) return null;
    try {
      return copyOut(record.session as S);
    } catch (cause) {
      throw corrupt(id, cause); // nested deeper than the stack
    }
  }

  #record(id: string, session: S, history: readonly string[]): SessionRecord {
    try {
      return {
        session: copyIn(session, this.#maxSessionBytes),
        expiresAt: expiryAt(this.#now(), this.#expiresIn),
        etag: newEtag(),
        history,
      };
    } catch (error) {
      throw withHash(error, id);
    }
  }

  async *#records({
    signal,
  }: InterruptOptions): AsyncGenerator<readonly [id: string, SessionRecord], void> {
    signal?.throwIfAborted();
    const step = <T>(call: () => Awaitable<T>) =>
      this.#ask('entries', undefined, new Budget(this.#timeout), call);
    const entries = await step(() => this.#driver.entries());
    const iterator: Iterator<DriverEntry> | AsyncIterator<DriverEntry> =
      Symbol.asyncIterator in entries
        ? entries[Symbol.asyncIterator]()
        : entries[Symbol.iterator]();
    let idle = true;
    try {
      for (;;) {
        signal?.throwIfAborted();
        idle = false;
        const { done, value } = await step(() => iterator.next());
        idle = true;
        if (done) return;
        if (!Array.isArray(value)) this.#onWarning(value as Error);
        else if (!isRecord(value[1])) this.#onWarning(corrupt(value[0]));
        else yield value as readonly [string, SessionRecord];
      }
    } finally {
      // An iterator that failed or hangs would not hear of it.
      if (idle) await iterator.return?.();
    }
  }

  /** Opens the driver once for all who wait, and again after it failed. */
  async #ready(budget: Budget): Promise<void> {
    if (this.#closing) throw new SessionError('CLOSED', 'the store is closed');
    if (this.#opened) return;
    this.#opening ??= this.#open();
    await this.#bounded('open', undefined, budget, this.#opening, budget.left);
  }

  async #open(): Promise<void> {
    try {
      await this.#driver.open?.(this.#timeout);
      this.#opened = true;
    } finally {
      this.#opening = undefined;
    }
  }

  async #close(): Promise<void> {
    const budget = new Budget(this.#timeout);
    const started = performance.now();
    await Promise.allSettled([...this.#inFlight]);
    budget.spend(performance.now() - started);
    const close = async () => this.#driver.close?.();
    if (this.#opening) this.#opening.then(close).catch(this.#onWarning);
    if (this.#opened)
      await this.#bounded('close', undefined, budget, close(), Math.max(budget.left, 50));
  }

  /** Calls the driver: opened, within the time that is left, with errors that say what they mean. */
  #ask<T>(
    action: Action,
    id: string | undefined,
    budget: Budget,
    call: (ms: number) => Awaitable<T>,
    patience: number = budget.left,
  ): Awaitable<T> {
    if (!this.#opened || this.#closing) {
      return this.#ready(budget).then(() => this.#ask(action, id, budget, call, patience));
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
    const started = performance.now();
    const settled = within(
      answer,
      ms,
      () =>
        new SessionError('TIMEOUT', `the backend did not ${action} within ${ms} ms`, {
          id,
          outcome: outcomeOf(action),
        }),
    );
    this.#inFlight.add(settled);
    try {
      return await settled;
    } catch (error) {
      throw explain(error, action, id);
    } finally {
      this.#inFlight.delete(settled);
      budget.spend(performance.now() - started);
    }
  }
}

type Action = 'open' | 'get' | 'put' | 'delete' | 'entries' | 'close';

/** A command of which no answer came, and the session that it would have stored. */
interface Doubt<S> {
  readonly error: SessionError;
  readonly expected: string | null;
  readonly etag: string | undefined;
  readonly session: S | null;
}

/** What became of a command that is not among the etags of the record found after it. */
function fateOf(
  { etag, expected }: Doubt<unknown>,
  found: SessionRecord | null,
): 'applied' | 'not-applied' | 'unknown' {
  if (isAmong(expected, found)) return 'not-applied'; // somebody else's version came next
  if (found && found.history.length === HISTORY_LENGTH) return 'unknown'; // it may be forgotten
  // The session was destroyed since: a destroy has come true, and a change starts from what is now.
  return etag === undefined ? 'applied' : 'not-applied';
}

function isAmong(etag: string | null | undefined, found: SessionRecord | null): boolean {
  return !!etag && !!found && (found.etag === etag || found.history.includes(etag));
}

function outcomeOf(action: Action): Outcome {
  return action === 'put' || action === 'delete' ? 'unknown' : 'not-applied';
}

function explain(error: unknown, action: Action, id: string | undefined): unknown {
  if (isSessionError(error)) return withHash(error, id);
  const options = { id, outcome: outcomeOf(action), cause: error };
  return new SessionError('UNAVAILABLE', `the backend failed to ${action}`, options);
}

function withHash(error: unknown, id: string | undefined): unknown {
  if (isSessionError(error) && id !== undefined) error.idHash ??= hashId(id);
  return error;
}

function corrupt(id: string, cause?: unknown): SessionError {
  return new SessionError('CORRUPT', 'the record is not one that a store wrote', { id, cause });
}

function checked(record: SessionRecord | null, id: string): SessionRecord | null {
  if (record !== null && !isRecord(record)) throw corrupt(id);
  return record;
}

function isRecord(value: unknown): value is SessionRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { session, expiresAt, etag, history } = value as SessionRecord;
  return (
    typeof session === 'object' &&
    session !== null &&
    !Array.isArray(session) &&
    (expiresAt === null || Number.isFinite(expiresAt)) &&
    typeof etag === 'string' &&
    Array.isArray(history)
  );
}

/** Waits a random moment, longer each time, so that those in conflict come apart. */
async function pause(attempt: number, budget: Budget): Promise<void> {
  const ms = Math.min(Math.random() * Math.min(LONGEST_PAUSE, 5 * 2 ** attempt), budget.left);
  if (ms > 0) await setTimeout(ms);
  budget.spend(ms);
}

// As text: `process.emitWarning` refuses an Error of another realm, such as a Jest test's.
function emitWarning(warning: Error): void {
  const { code, idHash } = warning as SessionError;
  const detail = idHash ? `the session's id has the SHA-256 ${idHash}` : '';
  process.emitWarning(warning.message, { type: 'SessionWarning', code: code ?? '', detail });
}

function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null)?.then === 'function';
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function`);
}

function checkAmount(name: string, value: unknown, unit: string, most: number): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number of ${unit}`);
  if (!(value > 0 && value <= most)) {
    throw new RangeError(`${name} must be more than 0 and at most ${most} ${unit}, not ${value}`);
  }
}
