import {
  type Driver,
  type DriverEntry,
  type InterruptOptions,
  isSessionError,
  type Session,
  type SessionRecord,
  type StoreOptions,
} from '@sessions/core';
import { type Server, ServerDriver } from '../fixtures/server.ts';
import {
  BreakableStore,
  type Broken,
  brokenDriver,
  brokenStore,
  type Change,
  type Expected,
  swallow,
} from './broken.ts';

const CORRUPT = 'a corrupt record rejects as CORRUPT, and stays for repair';
const PAST_CORRUPT = 'listing goes on past a corrupt record and tells onWarning';
const PUT_CORRUPT = 'put replaces no corrupt record, whatever it expects';
const DELETE_CORRUPT =
  'delete that expects an etag leaves a corrupt record, unless that is its etag';

export const brokenCorruption: readonly Broken[] = [
  brokenStore(
    'reads a corrupt record as no session',
    [CORRUPT],
    class extends BreakableStore {
      override read(id: string): Promise<Session | null> {
        return swallow(super.read(id), 'CORRUPT', null);
      }
    },
  ),
  brokenStore(
    'gives null to update for a corrupt record',
    [CORRUPT],
    class extends BreakableStore {
      override async update(id: string, change: Change): Promise<Session | null> {
        try {
          return await super.update(id, change);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) await change(null);
          throw error;
        }
      }
    },
  ),
  brokenStore(
    'overwrites a corrupt record',
    [CORRUPT],
    class extends BreakableStore {
      override async write(id: string, session: Session): Promise<void> {
        try {
          await super.write(id, session);
        } catch (error) {
          if (!isSessionError(error, 'CORRUPT')) throw error;
          await this.destroy(id);
          await super.write(id, session);
        }
      }
    },
  ),
  brokenStore(
    'prunes a corrupt record',
    [PAST_CORRUPT],
    class extends BreakableStore {
      readonly #server: Server;
      constructor(driver: Driver, options: StoreOptions, server: Server) {
        super(driver, options);
        this.#server = server;
      }
      override async prune(options?: InterruptOptions): Promise<number> {
        for (const [id, text] of this.#server.texts) {
          if (!text.endsWith('}')) this.#server.texts.delete(id);
        }
        return super.prune(options);
      }
    },
  ),
  brokenStore(
    'says nothing of a corrupt record',
    [PAST_CORRUPT],
    class extends BreakableStore {
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, { ...options, onWarning: () => {} });
      }
    },
  ),

  brokenDriver(
    'deletes a corrupt record that it meets',
    ['a corrupt record rejects as CORRUPT, and stays for repair'],
    class extends ServerDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        try {
          return await super.get(id);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) await this.delete(id, undefined);
          throw error;
        }
      }
    },
  ),
  brokenDriver(
    'throws what JSON.parse throws for a corrupt record',
    ['a corrupt record rejects as CORRUPT, and stays for repair'],
    class extends ServerDriver {
      protected override found(id: string): SessionRecord | null {
        return JSON.parse(this.server.texts.get(id) ?? 'null');
      }
    },
  ),
  brokenDriver(
    'stops listing at a corrupt record',
    [PAST_CORRUPT],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          if (entry instanceof Error) throw entry;
          yield entry;
        }
      }
    },
  ),
  brokenDriver(
    'leaves corrupt records out of the list',
    [PAST_CORRUPT],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          if (!(entry instanceof Error)) yield entry;
        }
      }
    },
  ),
  brokenDriver(
    'reads before it deletes',
    ['destroy removes a corrupt record'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        await this.get(id);
        return super.delete(id, expected);
      }
    },
  ),
  brokenDriver(
    'replaces a corrupt record by its etag',
    [PUT_CORRUPT],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const text = this.server.texts.get(id);
        if (expected && text?.includes(expected) && !text.endsWith('}')) {
          await this.delete(id, undefined);
          return super.put(id, record, null);
        }
        return super.put(id, record, expected);
      }
    },
  ),
  brokenDriver(
    'creates where a corrupt record is',
    [PUT_CORRUPT],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        if (expected === null) await this.#makeRoom(id);
        return super.put(id, record, expected);
      }
      async #makeRoom(id: string): Promise<void> {
        try {
          await this.get(id);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) await this.delete(id, undefined);
        }
      }
    },
  ),
  brokenDriver(
    'answers false where it should reject, as a corrupt record is there',
    [PUT_CORRUPT],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        try {
          return await super.put(id, record, expected);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) return false;
          throw error;
        }
      }
    },
  ),
  brokenDriver(
    'deletes a corrupt record, whatever is expected',
    [DELETE_CORRUPT],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        try {
          return await super.delete(id, expected);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) return super.delete(id, undefined);
          throw error;
        }
      }
    },
  ),
  brokenDriver(
    'says that it has deleted a corrupt record',
    [DELETE_CORRUPT],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        try {
          return await super.delete(id, expected);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) return true;
          throw error;
        }
      }
    },
  ),
  brokenDriver(
    'does not say whose record is corrupt where it lists',
    ['what onWarning hears of a corrupt record tells whose it is'],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          if (entry instanceof Error) entry.idHash = undefined;
          yield entry;
        }
      }
    },
  ),
];
