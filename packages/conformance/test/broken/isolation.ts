import type { InterruptOptions, Session } from '@sessions/core';
import { AliasingStore } from './aliasing-store.ts';
import {
  BreakableStore,
  type Broken,
  brokenMapStore,
  brokenStore,
  type Change,
  type Entries,
} from './broken.ts';

export const brokenIsolation: readonly Broken[] = [
  brokenMapStore(
    'keeps the object that was written',
    ['changing a session after it was written changes nothing stored'],
    AliasingStore,
  ),
  brokenMapStore(
    'gives the object that it keeps',
    ['changing a session that was read changes nothing stored'],
    class extends AliasingStore {
      override write(id: string, session: Session): Promise<void> {
        return super.write(id, structuredClone(session));
      }
    },
  ),
  brokenMapStore(
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

  brokenStore(
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
  brokenStore(
    'copies a session after a moment',
    ['a session changed while its write is under way is stored as it was'],
    class extends BreakableStore {
      override async write(id: string, session: Session): Promise<void> {
        await null;
        await super.write(id, session);
      }
    },
  ),
  brokenStore(
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
  brokenStore(
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
];
