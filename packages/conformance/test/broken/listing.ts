import {
  applyPut,
  type DriverEntry,
  type InterruptOptions,
  isSessionError,
  type Session,
  type SessionRecord,
} from '@sessions/core';
import { MapStore } from '../fixtures/map-store.ts';
import { ServerDriver } from '../fixtures/server.ts';
import {
  BreakableStore,
  type Broken,
  brokenDriver,
  brokenMapStore,
  brokenStore,
  type Entries,
} from './broken.ts';

export const brokenListing: readonly Broken[] = [
  brokenMapStore(
    'lists one page only',
    ['all() gives every session once'],
    class extends MapStore {
      override async all(): Promise<Session[]> {
        return (await super.all()).slice(0, 100);
      }
    },
  ),
  brokenMapStore(
    'lists what was written twice as two',
    ['all() gives every session once'],
    class extends MapStore {
      readonly #list: string[] = [];
      override async write(id: string, session: Session): Promise<void> {
        await super.write(id, session);
        this.#list.push(id);
      }
      override async all(): Promise<Session[]> {
        return (await Promise.all(this.#list.map((id) => this.read(id)))).filter((each) => !!each);
      }
    },
  ),

  brokenStore(
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
  brokenStore(
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
  brokenStore(
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
  brokenStore(
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
  brokenStore(
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
  brokenStore(
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
  brokenStore(
    'does not hear the signal of entries',
    ['entries stops with the reason of its signal'],
    class extends BreakableStore {
      override entries(): Entries {
        return super.entries() as Entries;
      }
    },
  ),
  brokenStore(
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
  brokenStore(
    'does not hear the signal of prune',
    ['prune stops with the reason of its signal'],
    class extends BreakableStore {
      override prune(): Promise<number> {
        return super.prune();
      }
    },
  ),
  brokenDriver(
    'lists in the order of the last write, as long as there is more',
    ['entries ends, each session once, while what it gives is written'],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        const next = applyPut(current, record, expected);
        if (current && typeof next === 'object') this.#moveToTheEnd(current);
        return next;
      }
      override async *entries(): AsyncGenerator<DriverEntry> {
        const { texts } = this.server;
        for (const id of await this.server.call(() => texts.keys())) {
          try {
            const record = await this.get(id);
            if (record) yield [id, record];
          } catch (error) {
            if (!isSessionError(error, 'CORRUPT')) throw error;
            yield error;
          }
        }
      }
      #moveToTheEnd(current: SessionRecord): void {
        for (const [id, text] of this.server.texts) {
          if (text.includes(current.etag)) this.server.texts.delete(id);
        }
      }
    },
  ),
];
