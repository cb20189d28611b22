import {
  applyPut,
  type Driver,
  isExpired,
  type Session,
  type SessionRecord,
  type StoreOptions,
} from '@sessions/core';
import { ServerDriver } from '../fixtures/server.ts';
import {
  BreakableStore,
  type Broken,
  brokenDriver,
  brokenStore,
  type Change,
  type Entries,
} from './broken.ts';

export const brokenExpiry: readonly Broken[] = [
  brokenStore(
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
  brokenStore(
    'counts the lifetime in seconds',
    ['a session expires at the very end of its lifetime, not before'],
    class extends BreakableStore {
      constructor(driver: Driver, { expiresIn = 525_600, ...options }: StoreOptions) {
        super(driver, { ...options, expiresIn: expiresIn / 60 });
      }
    },
  ),
  brokenStore(
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
  brokenStore(
    'renews what is read',
    ['reading does not renew a session'],
    class extends BreakableStore {
      override async read(id: string): Promise<Session | null> {
        if (typeof id === 'string') await this.touch(id);
        return super.read(id);
      }
    },
  ),
  brokenStore(
    'renews nothing when a session is touched',
    ['touch renews a session and changes nothing else'],
    class extends BreakableStore {
      override async touch(id: string): Promise<boolean> {
        return (await this.read(id)) !== null;
      }
    },
  ),
  brokenStore(
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
  brokenStore(
    'creates what is touched',
    ['touch of an absent or expired session answers false and creates nothing'],
    class extends BreakableStore {
      override async touch(id: string): Promise<boolean> {
        await this.update(id, (session) => session ?? {});
        return true;
      }
    },
  ),
  brokenStore(
    'answers true to every touch',
    ['touch of an absent or expired session answers false and creates nothing'],
    class extends BreakableStore {
      override async touch(id: string): Promise<boolean> {
        await super.touch(id);
        return true;
      }
    },
  ),
  brokenStore(
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
  brokenStore(
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
          change(session ?? JSON.parse((await this.#driver.get(id, 1000))?.session ?? 'null')),
        );
      }
    },
  ),
  brokenStore(
    'lives for a day where nothing else is said',
    ['a session lives for a year of 365 days where nothing else is said'],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, { expiresIn: 24 * 60, ...options });
      }
    },
  ),
  brokenStore(
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
  brokenStore(
    'refuses a lifetime without saying which option is wrong',
    ['a lifetime that is no number above 0 is refused by name'],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        if (options.expiresIn === 0) throw new RangeError('out of range');
        super(driver, options);
      }
    },
  ),
  brokenDriver(
    'hides what has expired by the real time',
    ['what has expired by the real time is as if it had never been'],
    class extends ServerDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        const record = await super.get(id);
        return record && isExpired(record, Date.now()) ? null : record;
      }
    },
  ),
  brokenDriver(
    'replaces nothing that has expired by the real time',
    ['what has expired by the real time is as if it had never been'],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        const isThere = current && !isExpired(current, Date.now());
        return applyPut(isThere ? current : null, record, expected);
      }
    },
  ),
];
