import type { Driver, DriverEntry, ListOptions, StoreOptions, Version } from '@sessions/core';
import { ServerDriver } from '../fixtures/server.ts';
import { BreakableStore, type Broken, brokenDriver, brokenStore, type Entries } from './broken.ts';

const EXACTLY = 'a listing with a prefix gives exactly the ids that begin so';
const ONCE = 'ids and versions give every session once';
const CLEAR_SOME = 'clear with a prefix destroys those that begin so, and counts them';
const CLEAR_ALL = 'clear without a prefix destroys all, and counts them';
const SIGNAL = 'a listing or clear stops with the reason of its signal';
const WRONG = 'a wrong prefix, or option, lists and clears nothing';

/** Finds ids by a prefix in a way of its own. */
function finding(how: string, begins: (id: string, prefix: string) => boolean): Broken {
  return brokenDriver(
    how,
    [EXACTLY],
    class extends ServerDriver {
      override async *entries(prefix = ''): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          if (!Array.isArray(entry) || begins(entry[0], prefix)) yield entry;
        }
      }
    },
  );
}

/** Knows the ids that are there, and looks at no record for them. */
class IdsDriver extends ServerDriver {
  async *ids(_prefix: string): AsyncGenerator<string> {
    yield* await this.server.call(() => [...this.server.texts.keys()]);
  }
}

/** The store to break that sees all records of its driver. */
class SeeingStore extends BreakableStore {
  protected readonly driver: Driver;
  constructor(driver: Driver, options: StoreOptions) {
    super(driver, options);
    this.driver = driver;
  }
}

export const brokenPrefixes: readonly Broken[] = [
  finding('takes a prefix for a regular expression', (id, prefix) =>
    new RegExp(`^${prefix}`).test(id),
  ),
  finding('takes a prefix for a set of characters', (id, prefix) => {
    const set = /^\[(.*)/s.exec(prefix)?.[1];
    return set ? set.includes(id[0] ?? '') : id.startsWith(prefix);
  }),
  finding('finds ids in lower case', (id, prefix) => id.toLowerCase().startsWith(prefix)),
  finding(
    'finds ids up to what it takes for the last character',
    (id, prefix) => prefix === '' || (id >= prefix && id < `${prefix}\uffff`),
  ),
  finding('does not find an id that is the prefix', (id, prefix) =>
    id !== prefix ? id.startsWith(prefix) : false,
  ),
  brokenDriver(
    'finds ids by their normal form',
    [EXACTLY],
    class extends IdsDriver {
      override async *ids(prefix: string): AsyncGenerator<string> {
        for await (const id of super.ids(prefix)) {
          if (id.startsWith(prefix.normalize('NFD'))) yield id;
        }
      }
    },
  ),
  brokenStore(
    'lists all versions, whatever the prefix',
    [EXACTLY],
    class extends BreakableStore {
      override versions({ signal }: ListOptions = {}) {
        return super.versions({ signal });
      }
    },
  ),
  brokenStore(
    'gives all sessions, whatever the prefix',
    [EXACTLY, WRONG],
    class extends BreakableStore {
      override all() {
        return super.all();
      }
    },
  ),
  brokenStore(
    'lists all entries, whatever the prefix',
    [EXACTLY],
    class extends BreakableStore {
      override entries({ signal }: ListOptions = {}): Entries {
        return super.entries({ signal }) as Entries;
      }
    },
  ),
  brokenDriver(
    'lists one page of ids only',
    [ONCE],
    class extends IdsDriver {
      override async *ids(prefix: string): AsyncGenerator<string> {
        let given = 0;
        for await (const id of super.ids(prefix)) if (given++ < 100) yield id;
      }
    },
  ),
  brokenStore(
    'lists one page of versions only',
    [ONCE],
    class extends BreakableStore {
      override async *versions(options?: ListOptions): AsyncGenerator<[string, Version]> {
        let given = 0;
        for await (const entry of super.versions(options)) if (given++ < 100) yield entry;
      }
    },
  ),
  brokenDriver(
    'lists ids that have expired',
    ['no listing gives what has expired by the real time'],
    IdsDriver,
  ),
  brokenStore(
    'lists versions that have expired',
    ['no listing gives what has expired by the real time', 'clear counts nothing that has expired'],
    class extends SeeingStore {
      override async *versions({ prefix = '' }: ListOptions = {}) {
        for await (const entry of this.driver.entries('')) {
          if (!Array.isArray(entry) || !entry[0].startsWith(prefix)) continue;
          const [id, { session, ...version }] = entry;
          yield [id, { ...version, session: JSON.parse(session) }] as [string, Version];
        }
      }
    },
  ),

  brokenStore(
    'clears all, whatever the prefix',
    [CLEAR_SOME],
    class extends BreakableStore {
      override clear(): Promise<number> {
        return super.clear();
      }
    },
  ),
  brokenStore(
    'counts all that were there before clear',
    [CLEAR_SOME],
    class extends BreakableStore {
      override async clear(options?: ListOptions): Promise<number> {
        const all = await this.all();
        await super.clear(options);
        return all.length;
      }
    },
  ),
  brokenStore(
    'clears a page only',
    [CLEAR_ALL],
    class extends BreakableStore {
      override async clear(options?: ListOptions): Promise<number> {
        let cleared = 0;
        for await (const id of this.ids(options)) {
          await this.destroy(id);
          if (++cleared === 100) break;
        }
        return cleared;
      }
    },
  ),
  brokenStore(
    'counts expired sessions that it clears',
    ['clear counts nothing that has expired'],
    class extends SeeingStore {
      override async clear(options?: ListOptions): Promise<number> {
        let expired = 0;
        const live = new Set<string>();
        for await (const id of this.ids(options)) live.add(id);
        for await (const entry of this.driver.entries('')) {
          if (Array.isArray(entry) && !live.has(entry[0])) expired++;
        }
        return expired + (await super.clear(options));
      }
    },
  ),
  brokenStore(
    'clears what is corrupt',
    ['clear leaves a corrupt record, and tells onWarning'],
    class extends BreakableStore {
      override async clear(options?: ListOptions): Promise<number> {
        let cleared = 0;
        for await (const id of this.ids(options)) {
          await this.destroy(id);
          cleared++;
        }
        return cleared;
      }
    },
    IdsDriver,
  ),
  brokenStore(
    'does not hear the signal of ids',
    [SIGNAL],
    class extends BreakableStore {
      override ids({ prefix = '' }: ListOptions = {}) {
        return super.ids({ prefix });
      }
    },
  ),
  brokenStore(
    'does not hear the signal of versions',
    [SIGNAL],
    class extends BreakableStore {
      override versions({ prefix = '' }: ListOptions = {}) {
        return super.versions({ prefix });
      }
    },
  ),
  brokenStore(
    'does not hear the signal of clear',
    [SIGNAL],
    class extends BreakableStore {
      override clear({ prefix = '' }: ListOptions = {}): Promise<number> {
        return super.clear({ prefix });
      }
    },
  ),
  brokenStore(
    'clears all where a prefix is mistyped',
    [WRONG],
    class extends BreakableStore {
      override clear({ prefix = '', signal }: ListOptions = {}): Promise<number> {
        return super.clear({ prefix, signal });
      }
    },
  ),
  brokenStore(
    'takes a prefix that is null for none',
    [WRONG],
    class extends BreakableStore {
      override clear(options: ListOptions = {}): Promise<number> {
        return super.clear({ ...options, prefix: options.prefix ?? '' });
      }
    },
  ),
];
