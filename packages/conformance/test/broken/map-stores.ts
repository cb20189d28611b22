import type { Session } from '@sessions/core';
import { MapStore } from '../fixtures/map-store.ts';
import { type Broken, brokenMapStore as broken } from './broken.ts';

/** Keeps the objects that it is given, in place of copies. */
class AliasingStore extends MapStore {
  protected sessions: Map<string, Session> = new Map();

  override async read(id: string): Promise<Session | null> {
    return this.sessions.get(id) ?? null;
  }

  override async write(id: string, session: Session): Promise<void> {
    this.sessions.set(id, session);
  }

  override async destroy(id: string): Promise<void> {
    this.sessions.delete(id);
  }

  override async all(): Promise<Session[]> {
    return [...this.sessions.values()];
  }
}

/** A store under another name for each id. */
function renaming(
  how: string,
  promises: readonly string[],
  rename: (id: string) => string,
): Broken {
  return broken(
    how,
    promises,
    class extends MapStore {
      override read(id: string): Promise<Session | null> {
        return super.read(rename(id));
      }
      override write(id: string, session: Session): Promise<void> {
        return super.write(rename(id), session);
      }
      override destroy(id: string): Promise<void> {
        return super.destroy(rename(id));
      }
    },
  );
}

/** A store of text that is not quite JSON. */
function rewriting(
  how: string,
  promises: readonly string[],
  rewrite: (session: Session) => string,
): Broken {
  return broken(
    how,
    promises,
    class extends MapStore {
      override async write(id: string, session: Session): Promise<void> {
        this.texts.set(id, rewrite(session));
      }
    },
  );
}

const ANY_JSON = 'any JSON object comes back as it was';
const CANNOT_HOLD = 'what JSON cannot hold is rejected, and the old session stays';
const HOSTILE = 'hostile ids are ordinary and distinct';
const LOOKALIKES = 'any id is distinct from its lookalikes';
const LONGEST = 'ids of 1,024 bytes are distinct to the last character';

export const brokenMapStores: readonly Broken[] = [
  broken(
    'has update, and does not say what it is capable of',
    ['the store is what it is certified as'],
    class extends MapStore {
      async update(): Promise<void> {}
    },
  ),
  broken(
    'has no all',
    ['the store is what it is certified as'],
    class extends MapStore {
      override all = undefined as unknown as MapStore['all'];
    },
  ),

  broken(
    'resolves init with nothing',
    ['init resolves with the store, and may be called twice and at once'],
    class extends MapStore {
      override async init(): Promise<this> {
        return undefined as unknown as this;
      }
    },
  ),
  broken(
    'fails the second init',
    ['init resolves with the store, and may be called twice and at once'],
    class extends MapStore {
      #ready = false;
      override async init(): Promise<this> {
        if (this.#ready) throw new Error('already connected');
        this.#ready = true;
        return this;
      }
    },
  ),
  broken(
    'starts empty after the second init',
    ['init resolves with the store, and may be called twice and at once'],
    class extends MapStore {
      override async init(): Promise<this> {
        this.texts = new Map();
        return this;
      }
    },
  ),

  broken(
    'gives an empty session for an absent one',
    ['an absent session reads as null'],
    class extends MapStore {
      override async read(id: string): Promise<Session | null> {
        return (await super.read(id)) ?? {};
      }
    },
  ),
  broken(
    'gives undefined for an absent session',
    ['an absent session reads as null'],
    class extends MapStore {
      override async read(id: string): Promise<Session | null> {
        return (await super.read(id)) ?? (undefined as unknown as null);
      }
    },
  ),
  broken(
    'uses an object as a map',
    ['an absent session reads as null', HOSTILE],
    class extends AliasingStore {
      readonly #object: Record<string, Session> = {};
      override async read(id: string): Promise<Session | null> {
        return this.#object[id] ?? null;
      }
      override async write(id: string, session: Session): Promise<void> {
        this.#object[id] = session;
      }
    },
  ),
  broken(
    'creates what is read',
    ['reading an absent session creates nothing'],
    class extends MapStore {
      override async read(id: string): Promise<Session | null> {
        const session = await super.read(id);
        if (!session) this.texts.set(id, '{}');
        return session;
      }
    },
  ),
  broken(
    'acknowledges a write before it is made',
    ['an acknowledged write is read at once'],
    class extends MapStore {
      override async write(id: string, session: Session): Promise<void> {
        const text = JSON.stringify(session);
        setTimeout(() => this.texts.set(id, text), 5).unref();
      }
    },
  ),
  broken(
    'merges into the old session',
    ['a write replaces the whole session'],
    class extends MapStore {
      override async write(id: string, session: Session): Promise<void> {
        await super.write(id, { ...(await this.read(id)), ...session });
      }
    },
  ),
  broken(
    'does not destroy',
    ['a destroyed session is gone'],
    class extends MapStore {
      override async destroy(): Promise<void> {}
    },
  ),
  broken(
    'lists what was destroyed',
    ['a destroyed session is gone'],
    class extends MapStore {
      readonly #destroyed = new Set<string>();
      override async read(id: string): Promise<Session | null> {
        return this.#destroyed.has(id) ? null : super.read(id);
      }
      override async write(id: string, session: Session): Promise<void> {
        this.#destroyed.delete(id);
        await super.write(id, session);
      }
      override async destroy(id: string): Promise<void> {
        this.#destroyed.add(id);
      }
    },
  ),
  broken(
    'fails to destroy what is absent',
    ['destroying an absent session succeeds'],
    class extends MapStore {
      override async destroy(id: string): Promise<void> {
        if (!this.texts.delete(id)) throw new Error('not found');
      }
    },
  ),
  broken(
    'loses every tenth write',
    ['any sequence of reads, writes and destroys does what a Map does'],
    class extends MapStore {
      #writes = 0;
      override async write(id: string, session: Session): Promise<void> {
        if (++this.#writes % 10 !== 0) await super.write(id, session);
      }
    },
  ),

  renaming('folds the case of ids', [HOSTILE], (id) => id.toLowerCase()),
  renaming('normalises ids', [HOSTILE], (id) => id.normalize('NFC')),
  renaming('trims ids', [HOSTILE, LOOKALIKES], (id) => id.trim()),
  renaming('ends ids at NUL', [HOSTILE, LOOKALIKES], (id) => id.split('\0')[0] ?? ''),
  renaming('takes ids for file names', [HOSTILE], (id) => id.replace(/[/\\:*?]/g, '_')),
  renaming('takes ids for patterns', [HOSTILE], (id) => id.replace(/[{}*]/g, '')),
  renaming('takes ids for paths', [HOSTILE], (id) => new URL(id, 'file:///dir/').pathname),
  renaming('cuts ids off at 255 bytes', [LONGEST], (id) => id.slice(0, 255)),
  renaming('decodes ids', [HOSTILE], (id) => id.replaceAll(/%2f/gi, '/')),

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
  broken(
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
  broken(
    'keeps Dates and Maps',
    ['what JSON changes becomes what JSON makes of it'],
    class extends AliasingStore {
      override async write(id: string, session: Session): Promise<void> {
        JSON.stringify(session);
        this.sessions.set(id, session);
      }
    },
  ),
  broken(
    'keeps cycles and BigInts',
    [CANNOT_HOLD],
    class extends AliasingStore {
      override async write(id: string, session: Session): Promise<void> {
        this.sessions.set(id, structuredClone(session));
      }
    },
  ),
  broken(
    'removes the old session before it looks at the new one',
    [CANNOT_HOLD],
    class extends MapStore {
      override async write(id: string, session: Session): Promise<void> {
        await this.destroy(id);
        await super.write(id, session);
      }
    },
  ),

  broken(
    'keeps the object that was written',
    ['changing a session after it was written changes nothing stored'],
    AliasingStore,
  ),
  broken(
    'gives the object that it keeps',
    ['changing a session that was read changes nothing stored'],
    class extends AliasingStore {
      override write(id: string, session: Session): Promise<void> {
        return super.write(id, structuredClone(session));
      }
    },
  ),
  broken(
    'lists the objects that it keeps',
    ['changing what all() gave changes nothing stored'],
    class extends AliasingStore {
      override write(id: string, session: Session): Promise<void> {
        return super.write(id, structuredClone(session));
      }
      override async read(id: string): Promise<Session | null> {
        return structuredClone(await super.read(id));
      }
    },
  ),

  broken(
    'lists one page only',
    ['all() gives every session once'],
    class extends MapStore {
      override async all(): Promise<Session[]> {
        return (await super.all()).slice(0, 100);
      }
    },
  ),
  broken(
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
];
