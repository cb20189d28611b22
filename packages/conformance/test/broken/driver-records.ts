import { type DriverEntry, isExpired, type SessionRecord } from '@sessions/core';
import { ServerDriver } from '../fixtures/server.ts';
import { type Broken, brokenDriver, type Expected } from './broken.ts';

const WHOLE = 'a record comes back whole from get and entries';
const ONE_CHAIN = 'the etags of a long concurrent history form one chain';

export const brokenDriverRecords: readonly Broken[] = [
  brokenDriver(
    'gives undefined for an absent record',
    ['get answers null for an absent record'],
    class extends ServerDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        return (await super.get(id)) ?? (undefined as unknown as null);
      }
    },
  ),
  brokenDriver(
    'forgets the history',
    [WHOLE, ONE_CHAIN],
    class extends ServerDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        const record = await super.get(id);
        return record && { ...record, history: [] };
      }
    },
  ),
  brokenDriver(
    'rounds expiresAt to seconds',
    [WHOLE],
    class extends ServerDriver {
      override put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const expiresAt = record.expiresAt && Math.floor(record.expiresAt / 1000) * 1000 + 999;
        return super.put(id, { ...record, expiresAt }, expected);
      }
    },
  ),
  brokenDriver(
    'keeps "never" as 0',
    [WHOLE, 'a lifetime of Infinity never ends'],
    class extends ServerDriver {
      override put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        return super.put(id, { ...record, expiresAt: Number(record.expiresAt) }, expected);
      }
    },
  ),
  brokenDriver(
    'keeps expiresAt as 32 bits of seconds',
    ['the clock may jump a thousand years either way'],
    class extends ServerDriver {
      override put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const expiresAt = record.expiresAt && ((record.expiresAt / 1000) | 0) * 1000;
        return super.put(id, { ...record, expiresAt }, expected);
      }
    },
  ),
  brokenDriver(
    'lists nothing but a first page',
    ['entries gives every record once'],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        let given = 0;
        for await (const entry of super.entries()) {
          if (given++ < 100) yield entry;
        }
      }
    },
  ),
  brokenDriver(
    'lists records twice',
    ['entries gives every record once', 'all() gives every session once'],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          yield entry;
          yield entry;
        }
      }
    },
  ),
  brokenDriver(
    'lists twice what has expired',
    ['entries gives no record twice, be it expired'],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          yield entry;
          if (Array.isArray(entry) && isExpired(entry[1], Date.now())) yield entry;
        }
      }
    },
  ),
];
