import { Backend, corrupt, isPromise, withHash } from './backend.ts';
import type { Budget } from './budget.ts';
import { type Driver, historyAfter, newEtag, type SessionRecord } from './driver.ts';
import { isSessionError, SessionError } from './errors.ts';
import { checkExpiresIn, DEFAULT_EXPIRES_IN, expiryAt, isExpired } from './expiry.ts';
import { checkId } from './id.ts';
import { copyIn, copyOut } from './json.ts';
import { Lines } from './line.ts';
import type {
  Capabilities,
  FullSessionStore,
  InterruptOptions,
  Session,
  StoreOptions,
} from './session-store.ts';
import { type Next, swap } from './swap.ts';

const DEFAULT_TIMEOUT = 5000;
const DEFAULT_MAX_SESSION_BYTES = 8 * 1024 * 1024;
const LONGEST_TIMER = 2 ** 31 - 1000; // with what is added to it

/** The store over a driver: every promise that does not depend on the backend is kept here. */
export class DriverStore<S extends Session = Session> implements FullSessionStore<S> {
  readonly capabilities: Capabilities;
  readonly #backend: Backend;
  readonly #expiresIn: number;
  readonly #timeout: number;
  readonly #maxSessionBytes: number;
  readonly #now: () => number;
  readonly #lines = new Lines();

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
    this.capabilities = driver.capabilities;
    this.#backend = new Backend(driver, timeout, onWarning);
    this.#expiresIn = expiresIn;
    this.#timeout = timeout;
    this.#maxSessionBytes = maxSessionBytes;
    this.#now = now;
  }

  async init(): Promise<this> {
    await this.#backend.ready(this.#backend.budget());
    return this;
  }

  async read(id: string): Promise<S | null> {
    checkId(id);
    const record = this.#backend.get(id, this.#backend.budget());
    return this.#live(isPromise(record) ? await record : record, id);
  }

  async write(id: string, session: S): Promise<void> {
    checkId(id);
    const record = this.#record(id, session, null);
    const done = this.#backend.put(id, record, undefined, this.#backend.budget());
    if (!(isPromise(done) ? await done : done)) throw refused(id);
  }

  async destroy(id: string): Promise<void> {
    checkId(id);
    const done = await this.#backend.delete(id, undefined, this.#backend.budget());
    if (!done) throw refused(id);
  }

  async all(): Promise<S[]> {
    const sessions: S[] = [];
    for await (const [, session] of this.entries()) sessions.push(session);
    return sessions;
  }

  async *entries({
    signal,
  }: InterruptOptions = {}): AsyncGenerator<[id: string, session: S], void> {
    for await (const [id, record] of this.#backend.records(signal)) {
      let session: S | null = null;
      try {
        session = this.#live(record, id);
      } catch (error) {
        if (!isSessionError(error, 'CORRUPT')) throw error;
        this.#backend.warn(error);
      }
      if (session) yield [id, session];
    }
  }

  async update(
    id: string,
    change: (session: S | null) => S | null | Promise<S | null>,
  ): Promise<S | null> {
    checkFunction('change', change);
    const next = await this.#swap(id, async (found) => {
      const session = await change(this.#live(found, id));
      if (session === undefined) {
        throw new TypeError('change returned undefined; return the session, or null to destroy it');
      }
      return session === null ? null : this.#record(id, session, found);
    });
    return next ? copyOut(next.session as S) : null;
  }

  async touch(id: string): Promise<boolean> {
    const next = await this.#swap(id, (found) => {
      const session = this.#live(found, id);
      return session ? this.#record(id, session, found) : undefined;
    });
    return next !== undefined;
  }

  async prune({ signal }: InterruptOptions = {}): Promise<number> {
    let pruned = 0;
    for (;;) {
      signal?.throwIfAborted();
      const count = await this.#backend.prune(this.#now());
      if (count === undefined) break;
      if (!(count > 0)) return pruned;
      pruned += count;
    }
    for await (const [id, record] of this.#backend.records(signal)) {
      if (!isExpired(record, this.#now())) continue;
      // A session that was written since has another etag, and stays.
      if (await this.#backend.delete(id, record.etag, this.#backend.budget())) pruned++;
    }
    return pruned;
  }

  close(): Promise<void> {
    return this.#backend.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #swap(id: string, next: Next): Promise<SessionRecord | null | undefined> {
    checkId(id);
    const inTurn = (budget: Budget) => swap(this.#backend, id, budget, next);
    return this.#lines.run(id, inTurn, this.#timeout);
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

  /** A new version: of the record found, or one to put in place of whatever is there. */
  #record(id: string, session: S, found: SessionRecord | null): SessionRecord {
    try {
      return {
        session: copyIn(session, this.#maxSessionBytes),
        expiresAt: expiryAt(this.#now(), this.#expiresIn),
        etag: newEtag(),
        history: found ? historyAfter(found) : [],
      };
    } catch (error) {
      throw withHash(error, id);
    }
  }
}

// As text: `process.emitWarning` refuses an Error of another realm, such as a Jest test's.
function emitWarning(warning: Error): void {
  const { code, idHash } = warning as SessionError;
  const detail = idHash ? `the session's id has the SHA-256 ${idHash}` : '';
  process.emitWarning(warning.message, { type: 'SessionWarning', code: code ?? '', detail });
}

// What carries no condition cannot meet a conflict: the driver is at fault, and nothing is certain.
function refused(id: string): SessionError {
  return new SessionError('UNAVAILABLE', 'the backend refused', { id, outcome: 'unknown' });
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
