import type { Session } from '@sessions/core';
import { MapStore } from '../fixtures/map-store.ts';
import { AliasingStore } from './aliasing-store.ts';
import { type Broken, brokenMapStore } from './broken.ts';

const HOSTILE = 'hostile ids are ordinary and distinct';

export const brokenReadingAndWriting: readonly Broken[] = [
  brokenMapStore(
    'gives an empty session for an absent one',
    ['an absent session reads as null'],
    class extends MapStore {
      override async read(id: string): Promise<Session | null> {
        return (await super.read(id)) ?? {};
      }
    },
  ),
  brokenMapStore(
    'gives undefined for an absent session',
    ['an absent session reads as null'],
    class extends MapStore {
      override async read(id: string): Promise<Session | null> {
        return (await super.read(id)) ?? (undefined as unknown as null);
      }
    },
  ),
  brokenMapStore(
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
  brokenMapStore(
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
  brokenMapStore(
    'acknowledges a write before it is made',
    ['an acknowledged write is read at once'],
    class extends MapStore {
      override async write(id: string, session: Session): Promise<void> {
        const text = JSON.stringify(session);
        setTimeout(() => this.texts.set(id, text), 5).unref();
      }
    },
  ),
  brokenMapStore(
    'merges into the old session',
    ['a write replaces the whole session'],
    class extends MapStore {
      override async write(id: string, session: Session): Promise<void> {
        await super.write(id, { ...(await this.read(id)), ...session });
      }
    },
  ),
  brokenMapStore(
    'does not destroy',
    ['a destroyed session is gone'],
    class extends MapStore {
      override async destroy(): Promise<void> {}
    },
  ),
  brokenMapStore(
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
  brokenMapStore(
    'fails to destroy what is absent',
    ['destroying an absent session succeeds'],
    class extends MapStore {
      override async destroy(id: string): Promise<void> {
        if (!this.texts.delete(id)) throw new Error('not found');
      }
    },
  ),
  brokenMapStore(
    'loses every tenth write',
    ['any sequence of reads, writes and destroys does what a Map does'],
    class extends MapStore {
      #writes = 0;
      override async write(id: string, session: Session): Promise<void> {
        if (++this.#writes % 10 !== 0) await super.write(id, session);
      }
    },
  ),
];
