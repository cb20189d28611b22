import { setTimeout } from 'node:timers/promises';
import {
  type Driver,
  type InterruptOptions,
  isSessionError,
  type Session,
  SessionError,
  type StoreOptions,
} from '@sessions/core';
import { type Server, ServerDriver } from '../fixtures/server.ts';
import { BreakableStore, type Broken, brokenStore as broken } from './broken.ts';

type Change = (session: Session | null) => Session | null | Promise<Session | null>;
type Entries = AsyncGenerator<[id: string, session: Session], void>;

const INVALID_ID = 'an invalid id is rejected as INVALID_ID by every operation';
const NO_OBJECT =
  'what is no JSON object is rejected as INVALID_SESSION, and the old session stays';
const TOO_LARGE = 'a session over maxSessionBytes is rejected as TOO_LARGE, and the old one stays';
const CLOSED = 'after close every operation rejects as CLOSED';
const AT_ONCE = 'updates of one session at once are each applied exactly once';
const CORRUPT = 'a corrupt record rejects as CORRUPT, and stays for repair';
const PAST_CORRUPT = 'listing goes on past a corrupt record and tells onWarning';
const AWAY = 'while the backend is away every operation rejects in time';

/** Answers like a store, whatever the error was. */
async function swallow<T>(call: Promise<T>, code: SessionError['code'], answer: T): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (isSessionError(error, code)) return answer;
    throw error;
  }
}

export const brokenStores: readonly Broken[] = [
  broken(
    'declares other capabilities than it is certified with',
    ['the store is what it is certified as'],
    BreakableStore,
    class extends ServerDriver {
      override readonly capabilities = { compareAndSet: 'host', survives: 'replication' } as const;
    },
  ),

  broken(
    'wants init first',
    ['the first operation initialises the store'],
    class extends BreakableStore {
      #ready = false;
      override async init(): Promise<this> {
        this.#ready = true;
        return super.init();
      }
      override async touch(id: string): Promise<boolean> {
        if (!this.#ready) throw new Error('call init first');
        return super.touch(id);
      }
    },
  ),
  broken(
    'prunes after close',
    [CLOSED],
    class extends BreakableStore {
      override prune(options?: InterruptOptions): Promise<number> {
        return swallow(super.prune(options), 'CLOSED', 0);
      }
    },
  ),
  broken(
    'can be initialised after close',
    [CLOSED],
    class extends BreakableStore {
      override init(): Promise<this> {
        return swallow(super.init(), 'CLOSED', this);
      }
    },
  ),
  broken(
    'fails the second close',
    ['close may be called twice and at once'],
    class extends BreakableStore {
      #closed = false;
      override async close(): Promise<void> {
        if (this.#closed) throw new Error('already closed');
        this.#closed = true;
        await super.close();
      }
    },
  ),
  broken(
    'does nothing when disposed',
    ['leaving a block closes a store declared with `await using`'],
    class extends BreakableStore {
      override async [Symbol.asyncDispose](): Promise<void> {}
    },
  ),
  broken(
    'cuts off the writes under way when it closes',
    ['close lets the writes under way finish'],
    class extends BreakableStore {
      readonly #server: Server;
      constructor(driver: Driver, options: StoreOptions, server: Server) {
        super(driver, options);
        this.#server = server;
      }
      override async close(): Promise<void> {
        this.#server.state = 'down';
        await super.close();
        this.#server.restore();
      }
    },
  ),

  broken(
    'takes any id as a string',
    [INVALID_ID],
    class extends BreakableStore {
      override read(id: string): Promise<Session | null> {
        return super.read(`${id}`);
      }
    },
  ),
  broken(
    'cuts off long ids',
    [INVALID_ID],
    class extends BreakableStore {
      override destroy(id: string): Promise<void> {
        return super.destroy(typeof id === 'string' ? id.slice(0, 300) : id);
      }
    },
  ),
  broken(
    'throws at once for an invalid id',
    [INVALID_ID],
    class extends BreakableStore {
      override touch(id: string): Promise<boolean> {
        if (!id) throw new SessionError('INVALID_ID', 'a session id must not be empty');
        return super.touch(id);
      }
    },
  ),
  broken(
    'calls change before it looks at the id',
    [INVALID_ID],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        if (id === '') await change(null);
        return super.update(id, change);
      }
    },
  ),
  broken(
    'gives encoded ids from entries',
    ['every id comes back from entries as it was'],
    class extends BreakableStore {
      override async *entries(options?: InterruptOptions): Entries {
        for await (const [id, session] of super.entries(options)) {
          yield [encodeURIComponent(id), session];
        }
      }
    },
  ),

  broken(
    'drops __proto__ in update',
    ['entries and update give any JSON object as it was'],
    class extends BreakableStore {
      override update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, (session) => change(session && Object.assign({}, session)));
      }
    },
  ),
  broken(
    'drops __proto__ in entries',
    ['entries and update give any JSON object as it was'],
    class extends BreakableStore {
      override async *entries(options?: InterruptOptions): Entries {
        for await (const [id, session] of super.entries(options)) {
          yield [id, Object.assign({}, session)];
        }
      }
    },
  ),
  broken(
    'stores an array as an object',
    [NO_OBJECT],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return super.write(id, Array.isArray(session) ? { ...session } : session);
      }
    },
  ),
  broken(
    'ignores what it cannot store',
    [NO_OBJECT],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return swallow(super.write(id, session), 'INVALID_SESSION', undefined);
      }
    },
  ),
  broken(
    'overflows on deep sessions',
    [NO_OBJECT],
    class extends BreakableStore {
      override async write(id: string, session: Session): Promise<void> {
        const visit = (value: unknown): void => {
          if (Array.isArray(value)) value.forEach(visit);
        };
        visit(session?.list);
        await super.write(id, session);
      }
    },
  ),
  broken(
    'silently drops what is too large',
    [TOO_LARGE],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return swallow(super.write(id, session), 'TOO_LARGE', undefined);
      }
    },
  ),
  broken(
    'counts characters for bytes',
    [TOO_LARGE],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, { ...options, maxSessionBytes: (options.maxSessionBytes ?? 1e9) * 2 });
      }
    },
  ),
  broken(
    'drops the old session for one that is too large',
    [TOO_LARGE],
    class extends BreakableStore {
      override async write(id: string, session: Session): Promise<void> {
        try {
          await super.write(id, session);
        } catch (error) {
          if (isSessionError(error, 'TOO_LARGE')) await this.destroy(id);
          throw error;
        }
      }
    },
  ),

  broken(
    'gives the same objects from entries again',
    ['changing what entries gave changes nothing stored'],
    class extends BreakableStore {
      readonly #given = new Map<string, Session>();
      override async *entries(options?: InterruptOptions): Entries {
        for await (const [id, session] of super.entries(options)) {
          if (!this.#given.has(id)) this.#given.set(id, session);
          yield [id, this.#given.get(id) ?? session];
        }
      }
    },
  ),
  broken(
    'copies a session after a moment',
    ['a session changed while its write is under way is stored as it was'],
    class extends BreakableStore {
      override async write(id: string, session: Session): Promise<void> {
        await null;
        await super.write(id, session);
      }
    },
  ),
  broken(
    'stores what a failing change left behind',
    ['changing what update gives to a change that fails changes nothing stored'],
    class extends BreakableStore {
      override update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, async (session) => {
          try {
            return await change(session);
          } catch (error) {
            if (session) await this.write(id, session);
            throw error;
          }
        });
      }
    },
  ),
  broken(
    'resolves update with the object that change returned',
    [
      'changing what a change returned, or what update resolved with, changes nothing stored',
      'update resolves with what it stored',
    ],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        let returned: Session | null = null;
        await super.update(id, async (session) => {
          returned = await change(session);
          return returned;
        });
        return returned;
      }
    },
  ),

  broken(
    'gives one page of entries only',
    ['entries gives every session once, with its id'],
    class extends BreakableStore {
      override async *entries(options?: InterruptOptions): Entries {
        let given = 0;
        for await (const entry of super.entries(options)) {
          yield entry;
          if (++given === 100) return;
        }
      }
    },
  ),
  broken(
    'mixes up the ids of entries',
    ['entries gives every session once, with its id'],
    class extends BreakableStore {
      override async *entries(options?: InterruptOptions): Entries {
        let former: Session = {};
        for await (const [id, session] of super.entries(options)) {
          yield [id, former];
          former = session;
        }
      }
    },
  ),
  broken(
    'keeps its place in entries by number',
    ['entries gives what stays once, while other sessions come and go'],
    class extends BreakableStore {
      override async *entries(options?: InterruptOptions): Entries {
        const page = 20;
        for (let from = 0; ; from += page) {
          const all: [string, Session][] = [];
          for await (const entry of super.entries(options)) all.push(entry);
          if (from >= all.length) return;
          yield* all.sort(([a], [b]) => (a < b ? -1 : 1)).slice(from, from + page);
        }
      }
    },
  ),
  broken(
    'stays locked when entries is left',
    ['entries may be left half way'],
    class extends BreakableStore {
      #locked = false;
      override async *entries(options?: InterruptOptions): Entries {
        if (this.#locked) throw new Error('somebody else is listing');
        this.#locked = true;
        yield* super.entries(options);
        this.#locked = false;
      }
    },
  ),
  broken(
    'keeps a connection for each entries that is left',
    ['entries may be left half way'],
    class extends BreakableStore {
      #free = 10;
      override async *entries(options?: InterruptOptions): Entries {
        if (this.#free === 0) throw new Error('no connection is free');
        this.#free--;
        yield* super.entries(options);
        this.#free++;
      }
    },
  ),
  broken(
    'has one cursor for all entries at once',
    ['entries at once each give every session once'],
    class extends BreakableStore {
      #cursor: Entries | undefined;
      override async *entries(options?: InterruptOptions): Entries {
        this.#cursor ??= super.entries(options) as Entries;
        for (;;) {
          const { done, value } = await this.#cursor.next();
          if (done) break;
          yield value;
        }
        this.#cursor = undefined;
      }
    },
  ),
  broken(
    'does not hear the signal of entries',
    ['entries stops with the reason of its signal'],
    class extends BreakableStore {
      override entries(): Entries {
        return super.entries() as Entries;
      }
    },
  ),
  broken(
    'ends entries without a word when its signal aborts',
    ['entries stops with the reason of its signal'],
    class extends BreakableStore {
      override async *entries(options: InterruptOptions = {}): Entries {
        for await (const entry of super.entries()) {
          if (options.signal?.aborted) return;
          yield entry;
        }
      }
    },
  ),
  broken(
    'does not hear the signal of prune',
    ['prune stops with the reason of its signal'],
    class extends BreakableStore {
      override prune(): Promise<number> {
        return super.prune();
      }
    },
  ),

  broken(
    'forgets about expiry',
    [
      'a session expires at the very end of its lifetime, not before',
      'an expired session is not listed',
      'an expired session is null to update, and may be created anew',
      'any sequence of operations does what a Map with a clock does',
    ],
    class extends BreakableStore {
      constructor(driver: Driver, { now: _, ...options }: StoreOptions) {
        super(driver, options);
      }
    },
  ),
  broken(
    'counts the lifetime in seconds',
    ['a session expires at the very end of its lifetime, not before'],
    class extends BreakableStore {
      constructor(driver: Driver, { expiresIn = 525_600, ...options }: StoreOptions) {
        super(driver, { ...options, expiresIn: expiresIn / 60 });
      }
    },
  ),
  broken(
    'expires a millisecond late',
    ['a session expires at the very end of its lifetime, not before'],
    class extends BreakableStore {
      constructor(driver: Driver, { now = Date.now, ...options }: StoreOptions) {
        let last = now();
        const late = () => {
          const time = last;
          last = now();
          return time === last ? time : last - 1;
        };
        super(driver, { ...options, now: late });
      }
    },
  ),
  broken(
    'renews what is read',
    ['reading does not renew a session'],
    class extends BreakableStore {
      override async read(id: string): Promise<Session | null> {
        if (typeof id === 'string') await this.touch(id);
        return super.read(id);
      }
    },
  ),
  broken(
    'renews nothing when a session is touched',
    ['touch renews a session and changes nothing else'],
    class extends BreakableStore {
      override async touch(id: string): Promise<boolean> {
        return (await this.read(id)) !== null;
      }
    },
  ),
  broken(
    'marks what is touched',
    ['touch renews a session and changes nothing else'],
    class extends BreakableStore {
      override async touch(id: string): Promise<boolean> {
        return (
          (await this.update(id, (session) => session && { ...session, touched: true })) !== null
        );
      }
    },
  ),
  broken(
    'creates what is touched',
    ['touch of an absent or expired session answers false and creates nothing'],
    class extends BreakableStore {
      override async touch(id: string): Promise<boolean> {
        await this.update(id, (session) => session ?? {});
        return true;
      }
    },
  ),
  broken(
    'answers true to every touch',
    ['touch of an absent or expired session answers false and creates nothing'],
    class extends BreakableStore {
      override async touch(id: string): Promise<boolean> {
        await super.touch(id);
        return true;
      }
    },
  ),
  broken(
    'lists what has expired',
    ['an expired session is not listed'],
    class extends BreakableStore {
      readonly #driver: Driver;
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, options);
        this.#driver = driver;
      }
      override async *entries(): Entries {
        for await (const entry of this.#driver.entries('')) {
          if (Array.isArray(entry)) yield [entry[0], entry[1].session];
        }
      }
    },
  ),
  broken(
    'gives what has expired to update',
    ['an expired session is null to update, and may be created anew'],
    class extends BreakableStore {
      readonly #driver: Driver;
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, options);
        this.#driver = driver;
      }
      override update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, async (session) =>
          change(session ?? (await this.#driver.get(id, 1000))?.session ?? null),
        );
      }
    },
  ),
  broken(
    'lives for a day where nothing else is said',
    ['a session lives for a year of 365 days where nothing else is said'],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, { expiresIn: 24 * 60, ...options });
      }
    },
  ),
  broken(
    'takes nonsense for the default lifetime',
    ['a lifetime that is no number above 0 is refused by name'],
    class extends BreakableStore {
      constructor(driver: Driver, { expiresIn, ...options }: StoreOptions) {
        super(
          driver,
          typeof expiresIn === 'number' && expiresIn > 0 ? { expiresIn, ...options } : options,
        );
      }
    },
  ),
  broken(
    'refuses a lifetime without saying which option is wrong',
    ['a lifetime that is no number above 0 is refused by name'],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        if (options.expiresIn === 0) throw new RangeError('out of range');
        super(driver, options);
      }
    },
  ),
  broken(
    'prunes what is alive',
    ['prune removes what has expired, counts it, and leaves the rest'],
    class extends BreakableStore {
      override async prune(options?: InterruptOptions): Promise<number> {
        const pruned = await super.prune(options);
        if (pruned > 0) for await (const [id] of this.entries()) await this.destroy(id);
        return pruned;
      }
    },
  ),
  broken(
    'counts what it did not prune',
    ['prune removes what has expired, counts it, and leaves the rest'],
    class extends BreakableStore {
      override async prune(options?: InterruptOptions): Promise<number> {
        return (await super.prune(options)) + (await this.all()).length;
      }
    },
  ),
  broken(
    'prunes nothing',
    ['prune removes what has expired, counts it, and leaves the rest'],
    class extends BreakableStore {
      override async prune(): Promise<number> {
        return 0;
      }
    },
  ),

  broken(
    'loses updates made at once',
    [AT_ONCE, 'a long concurrent history has no forks'],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        const session = await change(await this.read(id));
        if (session) await this.write(id, session);
        return session;
      }
    },
  ),
  broken(
    'applies an update twice',
    [AT_ONCE],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        await super.update(id, change);
        return super.update(id, change);
      }
    },
  ),
  broken(
    'reads and writes to touch',
    ['a touch at once with an update does not undo it'],
    class extends BreakableStore {
      override async touch(id: string): Promise<boolean> {
        const session = await this.read(id);
        if (session) await this.write(id, session);
        return session !== null;
      }
    },
  ),
  broken(
    'gives an empty session to update for an absent one',
    ['update gives null for an absent session'],
    class extends BreakableStore {
      override update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, (session) => change(session ?? {}));
      }
    },
  ),
  broken(
    'leaves a session that is updated to null',
    ['a change that returns null destroys the session'],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        let isNull = false;
        const session = await super.update(id, async (before) => {
          const after = await change(before);
          isNull = after === null;
          return after ?? before;
        });
        return isNull ? null : session;
      }
    },
  ),
  broken(
    'destroys a session that is updated to undefined',
    ['a change that returns undefined rejects with a TypeError and changes nothing'],
    class extends BreakableStore {
      override update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, async (session) => (await change(session)) ?? null);
      }
    },
  ),
  broken(
    'wraps what a change throws',
    ['a change that throws rejects with that very error and changes nothing'],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        try {
          return await super.update(id, change);
        } catch (cause) {
          throw isSessionError(cause) ? cause : new TypeError('update failed', { cause });
        }
      }
    },
  ),
  broken(
    'swallows what a change throws',
    ['a change that throws rejects with that very error and changes nothing'],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        try {
          return await super.update(id, change);
        } catch (error) {
          if (isSessionError(error) || error instanceof TypeError) throw error;
          return this.read(id);
        }
      }
    },
  ),

  broken(
    'names the id in its errors',
    ['an error carries the hash of the id, and neither the id nor the session', AWAY, CORRUPT],
    class extends BreakableStore {
      override async read(id: string): Promise<Session | null> {
        try {
          return await super.read(id);
        } catch (error) {
          if (error instanceof Error) error.message += `: ${id}`;
          throw error;
        }
      }
    },
  ),
  broken(
    'keeps the session in the cause of an error',
    ['an error carries the hash of the id, and neither the id nor the session'],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        let returned: Session | null = null;
        try {
          return await super.update(id, async (session) => {
            returned = await change(session);
            return returned;
          });
        } catch (error) {
          if (isSessionError(error)) error.cause ??= { command: ['put', returned] };
          throw error;
        }
      }
    },
  ),

  broken(
    'keeps what it has read',
    ['one store sees at once what another has acknowledged'],
    class extends BreakableStore {
      readonly #cache = new Map<string, Session>();
      override async read(id: string): Promise<Session | null> {
        const session = this.#cache.get(id) ?? (await super.read(id));
        if (session) this.#cache.set(id, session);
        return structuredClone(session);
      }
    },
  ),

  broken(
    'reads a corrupt record as no session',
    [CORRUPT],
    class extends BreakableStore {
      override read(id: string): Promise<Session | null> {
        return swallow(super.read(id), 'CORRUPT', null);
      }
    },
  ),
  broken(
    'gives null to update for a corrupt record',
    [CORRUPT],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        try {
          return await super.update(id, change);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) await change(null);
          throw error;
        }
      }
    },
  ),
  broken(
    'overwrites a corrupt record',
    [CORRUPT],
    class extends BreakableStore {
      override async write(id: string, session: Session): Promise<void> {
        try {
          await super.write(id, session);
        } catch (error) {
          if (!isSessionError(error, 'CORRUPT')) throw error;
          await this.destroy(id);
          await super.write(id, session);
        }
      }
    },
  ),
  broken(
    'prunes a corrupt record',
    [PAST_CORRUPT],
    class extends BreakableStore {
      readonly #server: Server;
      constructor(driver: Driver, options: StoreOptions, server: Server) {
        super(driver, options);
        this.#server = server;
      }
      override async prune(options?: InterruptOptions): Promise<number> {
        for (const [id, text] of this.#server.texts) {
          if (!text.endsWith('}')) this.#server.texts.delete(id);
        }
        return super.prune(options);
      }
    },
  ),
  broken(
    'says nothing of a corrupt record',
    [PAST_CORRUPT],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, { ...options, onWarning: () => {} });
      }
    },
  ),

  broken(
    'reads null while the backend is away',
    [AWAY],
    class extends BreakableStore {
      override read(id: string): Promise<Session | null> {
        return swallow(super.read(id), 'UNAVAILABLE', null);
      }
    },
  ),
  broken(
    'acknowledges writes while the backend is away',
    [AWAY],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return swallow(super.write(id, session), 'UNAVAILABLE', undefined);
      }
    },
  ),
  broken(
    'lists nothing while the backend is away',
    [AWAY],
    class extends BreakableStore {
      override all(): Promise<Session[]> {
        return swallow(super.all(), 'UNAVAILABLE', []);
      }
    },
  ),
  broken(
    'waits for as long as the backend is away',
    [AWAY],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, { ...options, timeout: 30_000 });
      }
    },
    ServerDriver,
    'frozen',
  ),
  broken(
    'tries again for too long while the backend is away',
    [AWAY],
    class extends BreakableStore {
      override async destroy(id: string): Promise<void> {
        for (let attempt = 0; attempt < 10; attempt++) {
          try {
            return await super.destroy(id);
          } catch (error) {
            if (!isSessionError(error, 'UNAVAILABLE')) throw error;
            await setTimeout(200);
          }
        }
      }
    },
  ),
  broken(
    'remembers that init has failed',
    ['init may be called again after it failed'],
    class extends BreakableStore {
      #ready: Promise<this> | undefined;
      override init(): Promise<this> {
        this.#ready ??= super.init();
        return this.#ready;
      }
    },
  ),
  broken(
    'stays away when the backend is back',
    ['once the backend is back the store works again, and what it holds is true'],
    class extends BreakableStore {
      #lost: unknown;
      override async read(id: string): Promise<Session | null> {
        if (this.#lost) throw this.#lost;
        try {
          return await super.read(id);
        } catch (error) {
          if (isSessionError(error, 'UNAVAILABLE')) this.#lost = error;
          throw error;
        }
      }
    },
  ),
  broken(
    'writes an empty session where a write fails',
    ['once the backend is back the store works again, and what it holds is true'],
    class extends BreakableStore {
      readonly #server: Server;
      constructor(driver: Driver, options: StoreOptions, server: Server) {
        super(driver, options);
        this.#server = server;
      }
      override async write(id: string, session: Session): Promise<void> {
        try {
          await super.write(id, session);
        } catch (error) {
          const record = JSON.parse(this.#server.texts.get(id) ?? 'null');
          if (record && isSessionError(error, 'UNAVAILABLE')) {
            this.#server.texts.set(id, JSON.stringify({ ...record, session: {} }));
          }
          throw error;
        }
      }
    },
  ),
];
