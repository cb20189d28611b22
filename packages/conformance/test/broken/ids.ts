import { type InterruptOptions, type Session, SessionError } from '@sessions/core';
import { MapStore } from '../fixtures/map-store.ts';
import {
  BreakableStore,
  type Broken,
  brokenMapStore,
  brokenStore,
  type Change,
  type Entries,
} from './broken.ts';

const HOSTILE = 'hostile ids are ordinary and distinct';
const LOOKALIKES = 'any id is distinct from its lookalikes';
const LONGEST = 'ids of 1,024 bytes are distinct to the last character';
const INVALID_ID = 'an invalid id is rejected as INVALID_ID by every operation';

/** A store under another name for each id. */
function renaming(
  how: string,
  promises: readonly string[],
  rename: (id: string) => string,
): Broken {
  return brokenMapStore(
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

export const brokenIds: readonly Broken[] = [
  renaming('folds the case of ids', [HOSTILE], (id) => id.toLowerCase()),
  renaming('normalises ids', [HOSTILE], (id) => id.normalize('NFC')),
  renaming('trims ids', [HOSTILE, LOOKALIKES], (id) => id.trim()),
  renaming('ends ids at NUL', [HOSTILE, LOOKALIKES], (id) => id.split('\0')[0] ?? ''),
  renaming('takes ids for file names', [HOSTILE], (id) => id.replace(/[/\\:*?]/g, '_')),
  renaming('takes ids for patterns', [HOSTILE], (id) => id.replace(/[{}*]/g, '')),
  renaming('takes ids for paths', [HOSTILE], (id) => new URL(id, 'file:///dir/').pathname),
  renaming('cuts ids off at 255 bytes', [LONGEST], (id) => id.slice(0, 255)),
  renaming('decodes ids', [HOSTILE], (id) => id.replaceAll(/%2f/gi, '/')),

  brokenStore(
    'takes any id as a string',
    [INVALID_ID],
    class extends BreakableStore {
      override read(id: string): Promise<Session | null> {
        return super.read(`${id}`);
      }
    },
  ),
  brokenStore(
    'cuts off long ids',
    [INVALID_ID],
    class extends BreakableStore {
      override destroy(id: string): Promise<void> {
        return super.destroy(typeof id === 'string' ? id.slice(0, 300) : id);
      }
    },
  ),
  brokenStore(
    'throws at once for an invalid id',
    [INVALID_ID],
    class extends BreakableStore {
      override touch(id: string): Promise<boolean> {
        if (!id) throw new SessionError('INVALID_ID', 'a session id must not be empty');
        return super.touch(id);
      }
    },
  ),
  brokenStore(
    'calls change before it looks at the id',
    [INVALID_ID],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        if (id === '') await change(null);
        return super.update(id, change);
      }
    },
  ),
  brokenStore(
    'gives encoded ids from entries',
    ['every id comes back from entries as it was'],
    class extends BreakableStore {
      override async *entries(options?: InterruptOptions): Entries {
        for await (const [id, session] of super.entries(options)) {
          yield [encodeURIComponent(id), session];
        }
      }
    },
  ),
];
