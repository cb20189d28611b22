import { isSessionError, type Session } from '@sessions/core';
import { BreakableStore, type Broken, brokenStore, type Change } from './broken.ts';

const AT_ONCE = 'updates of one session at once are each applied exactly once';

export const brokenUpdates: readonly Broken[] = [
  brokenStore(
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
  brokenStore(
    'applies an update twice',
    [AT_ONCE],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        await super.update(id, change);
        return super.update(id, change);
      }
    },
  ),
  brokenStore(
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
  brokenStore(
    'gives an empty session to update for an absent one',
    ['update gives null for an absent session'],
    class extends BreakableStore {
      override update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, (session) => change(session ?? {}));
      }
    },
  ),
  brokenStore(
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
  brokenStore(
    'destroys a session that is updated to undefined',
    ['a change that returns undefined rejects with a TypeError and changes nothing'],
    class extends BreakableStore {
      override update(id: string, change: Change): Promise<Session | null> {
        return super.update(id, async (session) => (await change(session)) ?? null);
      }
    },
  ),
  brokenStore(
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
  brokenStore(
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
];
