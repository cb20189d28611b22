import { isSessionError, type Session } from '@sessions/core';
import { BreakableStore, type Broken, brokenStore, type Change } from './broken.ts';

const CORRUPT = 'a corrupt record rejects as CORRUPT, and stays for repair';
const AWAY = 'while the backend is away every operation rejects in time';

export const brokenErrors: readonly Broken[] = [
  brokenStore(
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
  brokenStore(
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
];
