import {
  type Driver,
  type InterruptOptions,
  isSessionError,
  type Session,
  type StoreOptions,
} from '@sessions/core';
import { MapStore } from '../fixtures/map-store.ts';
import { AliasingStore } from './aliasing-store.ts';
import {
  BreakableStore,
  type Broken,
  brokenMapStore,
  brokenStore,
  type Change,
  type Entries,
  swallow,
} from './broken.ts';

const ANY_JSON = 'any JSON object comes back as it was';
const CANNOT_HOLD = 'what JSON cannot hold is rejected, and the old session stays';
const NO_OBJECT =
  'what is no JSON object is rejected as INVALID_SESSION, and the old session stays';
const TOO_LARGE = 'a session over maxSessionBytes is rejected as TOO_LARGE, and the old one stays';

/** A store of text that is not quite JSON. */
function rewriting(
  how: string,
  promises: readonly string[],
  rewrite: (session: Session) => string,
): Broken {
  return brokenMapStore(
    how,
    promises,
    class extends MapStore {
      override async write(id: string, session: Session): Promise<void> {
        this.texts.set(id, rewrite(session));
      }
    },
  );
}

export const brokenJson: readonly Broken[] = [
  rewriting('drops __proto__', [ANY_JSON, 'all() gives any JSON object as it was'], (session) =>
    JSON.stringify(Object.assign({}, session)),
  ),
  rewriting('sorts the keys', [ANY_JSON], (session) =>
    JSON.stringify(session, (_, value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    ),
  ),
  rewriting('replaces lone surrogates', [ANY_JSON], (session) =>
    JSON.stringify(session, (_, value) =>
      typeof value === 'string' ? value.toWellFormed() : value,
    ),
  ),
  rewriting('drops NUL', [ANY_JSON], (session) =>
    JSON.stringify(session).replaceAll('\\u0000', ''),
  ),
  rewriting('rounds numbers to 32 bits', [ANY_JSON], (session) =>
    JSON.stringify(session, (_, value) => (typeof value === 'number' ? Math.fround(value) : value)),
  ),
  brokenMapStore(
    'drops __proto__ where it lists',
    ['all() gives any JSON object as it was'],
    class extends MapStore {
      override async all(): Promise<Session[]> {
        return (await super.all()).map((session) => Object.assign({}, session));
      }
    },
  ),
  rewriting(
    'refuses what is larger than 64 KiB',
    ['a session of 1 MiB comes back as it was'],
    (session) => {
      const text = JSON.stringify(session);
      if (text.length > 65536) throw new Error('value too long');
      return text;
    },
  ),
  rewriting(
    'refuses what is nested more than 50 deep',
    ['a session nested 100 deep comes back as it was'],
    (session) => {
      const text = JSON.stringify(session);
      if (/(\{"inner":){50}|\[{50}/.test(text)) throw new Error('nested too deep');
      return text;
    },
  ),
  brokenMapStore(
    'keeps Dates and Maps',
    ['what JSON changes becomes what JSON makes of it'],
    class extends AliasingStore {
      override async write(id: string, session: Session): Promise<void> {
        JSON.stringify(session);
        this.sessions.set(id, session);
      }
    },
  ),
  brokenMapStore(
    'keeps cycles and BigInts',
    [CANNOT_HOLD],
    class extends AliasingStore {
      override async write(id: string, session: Session): Promise<void> {
        this.sessions.set(id, structuredClone(session));
      }
    },
  ),
  brokenMapStore(
    'removes the old session before it looks at the new one',
    [CANNOT_HOLD],
    class extends MapStore {
      override async write(id: string, session: Session): Promise<void> {
        await this.destroy(id);
        await super.write(id, session);
      }
    },
  ),

  brokenStore(
    'drops __proto__ in update',
    ['entries and update give any JSON object as it was'],
    class extends BreakableStore {
      override update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, (session) => change(session && Object.assign({}, session)));
      }
    },
  ),
  brokenStore(
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
  brokenStore(
    'stores an array as an object',
    [NO_OBJECT],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return super.write(id, Array.isArray(session) ? { ...session } : session);
      }
    },
  ),
  brokenStore(
    'ignores what it cannot store',
    [NO_OBJECT],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return swallow(super.write(id, session), 'INVALID_SESSION', undefined);
      }
    },
  ),
  brokenStore(
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
  brokenStore(
    'silently drops what is too large',
    [TOO_LARGE],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return swallow(super.write(id, session), 'TOO_LARGE', undefined);
      }
    },
  ),
  brokenStore(
    'counts characters for bytes',
    [TOO_LARGE],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, { ...options, maxSessionBytes: (options.maxSessionBytes ?? 1e9) * 2 });
      }
    },
  ),
  brokenStore(
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
];
