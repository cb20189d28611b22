import assert from 'node:assert/strict';
import {
  type Codec,
  type Driver,
  type DriverEntry,
  JSON_TEXT,
  type Session,
  SessionError,
  type SessionRecord,
} from '@sessions/core';

export type ReadableDriver = Driver<Session>;
export type ReadableEntry = DriverEntry<Session>;
export type ReadableRecord = SessionRecord<Session>;

/** A driver whose records hold sessions as objects, whatever the driver behind it keeps. */
export function readable(driver: Driver<unknown>): ReadableDriver {
  const codec = (driver.codec ?? JSON_TEXT) as Codec<unknown>;
  const decoded = (record: SessionRecord<unknown>): ReadableRecord => {
    if (!driver.codec && typeof record.session !== 'string') {
      assert.fail('the session of a record should be the JSON text that put was given');
    }
    // As the store does: a driver need not look at what is in a session.
    try {
      return { ...record, session: codec.decode(record.session) };
    } catch (cause) {
      throw new SessionError('CORRUPT', 'the session of a record cannot be read', { cause });
    }
  };
  const entryOf = (entry: DriverEntry<unknown>): ReadableEntry =>
    Array.isArray(entry) ? [entry[0], decoded(entry[1])] : (entry as ReadableEntry);
  return {
    capabilities: driver.capabilities,
    open: (timeout, warn) => driver.open?.(timeout, warn),
    async get(id, timeout) {
      const record = await driver.get(id, timeout);
      return record && decoded(record);
    },
    put(id, record, expected, timeout) {
      const session = codec.encode(record.session, Infinity);
      return driver.put(id, { ...record, session }, expected, timeout);
    },
    delete: (id, expected, timeout) => driver.delete(id, expected, timeout),
    async *entries(prefix) {
      for await (const entry of driver.entries(prefix)) yield entryOf(entry);
    },
    close: () => driver.close?.(),
  };
}
