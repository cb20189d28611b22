import {
  type Changed,
  KEEP,
  type LifetimeOptions,
  type Session,
  type WriteOptions,
} from '@sessions/core';
import { BreakableStore, type Broken, brokenStore } from './broken.ts';

type Change = (session: Session | null) => Changed | Promise<Changed>;

const FOR_ONCE = 'write, update and touch each take a lifetime for this once, to the millisecond';
const NO_NUMBER =
  'a lifetime of one call that is no number above 0 is refused, and nothing changes';
const KEPT = 'update to KEEP leaves the session, its version and its lifetime';
const KEPT_NONE = 'update of an absent session to KEEP resolves with null and creates nothing';

export const brokenLifetimes: readonly Broken[] = [
  brokenStore(
    'does not hear the lifetime of a touch',
    [FOR_ONCE],
    class extends BreakableStore {
      override touch(id: string): Promise<boolean> {
        return super.touch(id);
      }
    },
  ),
  brokenStore(
    'counts the lifetime of a write in whole minutes',
    [FOR_ONCE],
    class extends BreakableStore {
      override write(id: string, session: Session, options?: WriteOptions): Promise<void> {
        const expiresIn = options?.expiresIn && Math.ceil(options.expiresIn);
        return super.write(id, session, options && { ...options, expiresIn });
      }
    },
  ),
  brokenStore(
    'remembers the lifetime of one call for the next',
    ['a lifetime of one call ends with the next that gives none'],
    class extends BreakableStore {
      #expiresIn: number | undefined;
      override write(id: string, session: Session, options?: WriteOptions): Promise<void> {
        this.#expiresIn = options?.expiresIn;
        return super.write(id, session, options);
      }
      override touch(id: string, options?: LifetimeOptions): Promise<boolean> {
        return super.touch(id, { expiresIn: this.#expiresIn, ...options });
      }
    },
  ),
  brokenStore(
    'takes nonsense for its own lifetime',
    [NO_NUMBER],
    class extends BreakableStore {
      override touch(id: string, options?: LifetimeOptions): Promise<boolean> {
        return super.touch(id, options?.expiresIn ? options : {});
      }
    },
  ),
  brokenStore(
    'writes, and then looks at the lifetime',
    [NO_NUMBER],
    class extends BreakableStore {
      override async write(id: string, session: Session, options?: WriteOptions): Promise<void> {
        await super.write(id, session);
        if (options) await super.write(id, session, options);
      }
    },
  ),
  brokenStore(
    'passes over an option that it does not know',
    ['an option that a call does not know is a TypeError, and nothing changes'],
    class extends BreakableStore {
      override update(id: string, change: Change, options?: LifetimeOptions) {
        return super.update(id, change, { expiresIn: options?.expiresIn });
      }
    },
  ),

  brokenStore(
    'renews what is kept',
    [KEPT],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        const session = await super.update(id, change);
        await super.touch(id);
        return session;
      }
    },
  ),
  brokenStore(
    'writes what is kept for as long as it was to live',
    [KEPT],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        const before = await super.read(id);
        return super.update(id, async (session) => {
          const changed = await change(session);
          return changed === KEEP ? before : changed;
        });
      }
    },
  ),
  brokenStore(
    'resolves with what change made of a session that is kept',
    [KEPT],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        let given: Session | null = null;
        await super.update(id, (session) => {
          given = session;
          return change(session);
        });
        return given;
      }
    },
  ),
  brokenStore(
    'creates what is to be kept',
    [KEPT_NONE],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, async (session) => {
          const changed = await change(session);
          return changed === KEEP && session === null ? {} : changed;
        });
      }
    },
  ),
  brokenStore(
    'resolves with undefined where there is nothing to keep',
    [KEPT_NONE],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        return (await super.update(id, change)) ?? (undefined as unknown as null);
      }
    },
  ),
];
