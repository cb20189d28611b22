import { setTimeout } from 'node:timers/promises';
import {
  type Driver,
  isSessionError,
  type Session,
  SessionError,
  type SessionRecord,
  type StoreOptions,
} from '@sessions/core';
import { type Server, ServerDriver } from '../fixtures/server.ts';
import {
  BreakableStore,
  type Broken,
  brokenDriver,
  brokenStore,
  type Expected,
  swallow,
} from './broken.ts';

const AWAY = 'while the backend is away every operation rejects in time';
const BACK = 'once the backend is back the store works again, and what it holds is true';

export const brokenInterruption: readonly Broken[] = [
  brokenStore(
    'reads null while the backend is away',
    [AWAY],
    class extends BreakableStore {
      override read(id: string): Promise<Session | null> {
        return swallow(super.read(id), 'UNAVAILABLE', null);
      }
    },
  ),
  brokenStore(
    'acknowledges writes while the backend is away',
    [AWAY],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return swallow(super.write(id, session), 'UNAVAILABLE', undefined);
      }
    },
  ),
  brokenStore(
    'lists nothing while the backend is away',
    [AWAY],
    class extends BreakableStore {
      override all(): Promise<Session[]> {
        return swallow(super.all(), 'UNAVAILABLE', []);
      }
    },
  ),
  brokenStore(
    'waits for as long as the backend is away',
    [AWAY],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, { ...options, timeout: 30_000 });
      }
    },
    ServerDriver,
    'frozen',
  ),
  brokenStore(
    'tries again for too long while the backend is away',
    [AWAY],
    class extends BreakableStore {
      override async destroy(id: string): Promise<void> {
        for (let attempt = 0; attempt < 10; attempt++) {
          try {
            return await super.destroy(id);
          } catch (error) {
            if (!isSessionError(error, 'UNAVAILABLE')) throw error;
            await setTimeout(200);
          }
        }
      }
    },
  ),
  brokenStore(
    'remembers that init has failed',
    ['init may be called again after it failed'],
    class extends BreakableStore {
      #ready: Promise<this> | undefined;
      override init(): Promise<this> {
        this.#ready ??= super.init();
        return this.#ready;
      }
    },
  ),
  brokenStore(
    'stays away when the backend is back',
    [BACK],
    class extends BreakableStore {
      #lost: unknown;
      override async read(id: string): Promise<Session | null> {
        if (this.#lost) throw this.#lost;
        try {
          return await super.read(id);
        } catch (error) {
          if (isSessionError(error, 'UNAVAILABLE')) this.#lost = error;
          throw error;
        }
      }
    },
  ),
  brokenStore(
    'writes an empty session where a write fails',
    [BACK],
    class extends BreakableStore {
      readonly #server: Server;
      constructor(driver: Driver, options: StoreOptions, server: Server) {
        super(driver, options);
        this.#server = server;
      }
      override async write(id: string, session: Session): Promise<void> {
        try {
          await super.write(id, session);
        } catch (error) {
          const record = JSON.parse(this.#server.texts.get(id) ?? 'null');
          if (record && isSessionError(error, 'UNAVAILABLE')) {
            this.#server.texts.set(id, JSON.stringify({ ...record, session: {} }));
          }
          throw error;
        }
      }
    },
  ),

  brokenDriver(
    'says that nothing was changed where the answer got lost',
    [BACK],
    class extends ServerDriver {
      override put(
        id: string,
        record: SessionRecord,
        expected: Expected,
        timeout = 5000,
      ): Promise<boolean> {
        const lost = setTimeout(timeout / 2, undefined, { ref: false }).then(() => {
          throw new SessionError('TIMEOUT', 'no answer', { outcome: 'not-applied' });
        });
        return Promise.race([super.put(id, record, expected), lost]);
      }
    },
    'mute',
  ),
  brokenDriver(
    'shows the command in its errors, as some clients do',
    [AWAY],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        try {
          return await super.put(id, record, expected);
        } catch (error) {
          throw Object.assign(error as Error, { command: ['SET', id, JSON.stringify(record)] });
        }
      }
    },
  ),
];
