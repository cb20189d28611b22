import { setTimeout as pause } from 'node:timers/promises';
import { HISTORY_LENGTH } from '@sessions/core';
import { fullStores, type Promised } from './promised.ts';
import type { ReadableRecord } from './readable-driver.ts';
import { answers, entriesOf, holds, newEtag, newRecord } from './records.ts';
import { sameJson } from './same-json.ts';
import { PATIENCE } from './trial.ts';

export const driverRecords: readonly Promised[] = [
  fullStores('get answers null for an absent record', async (trial) => {
    const driver = await trial.driver();
    for (const id of ['a', '__proto__']) {
      sameJson(await driver.get(id, PATIENCE), null, `get of ${id}, which was never put`);
    }
  }),

  fullStores('a record comes back whole from get and entries', async (trial) => {
    const driver = await trial.driver();
    const history = Array.from({ length: HISTORY_LENGTH }, newEtag);
    const records: Record<string, ReadableRecord> = {
      a: { ...newRecord({ n: 1, deep: ['é😀\0'] }), history },
      b: { ...newRecord({}), expiresAt: null },
    };
    for (const [id, record] of Object.entries(records)) {
      await answers(true, 'put of a new record', driver.put(id, record, null, PATIENCE));
    }
    for (const [id, record] of Object.entries(records)) {
      holds(await driver.get(id, PATIENCE), record, `the record from get of ${id}`);
    }
    const entries = await entriesOf(driver);
    sameJson(entries.map(([id]) => id).sort(), ['a', 'b'], 'the ids from entries');
    for (const [id, record] of entries) holds(record, records[id], `the record ${id} from entries`);
  }),

  fullStores('entries gives every record once', async (trial) => {
    const driver = await trial.driver();
    sameJson(await entriesOf(driver), [], 'entries of an empty backend');
    const ids = Array.from({ length: 120 }, (_, n) => `chat:${1000 + n}`);
    await Promise.all(ids.map((id) => driver.put(id, newRecord({ id }), null, PATIENCE)));
    await Promise.all(ids.map((id) => driver.put(id, newRecord({ id }), undefined, PATIENCE)));
    const entries = await entriesOf(driver);
    sameJson(entries.map(([id]) => id).sort(), ids, 'the ids from entries');
    for (const [id, { session }] of entries) sameJson(session, { id }, 'the record with its id');
  }),

  // The backend may have removed what has expired.
  fullStores('entries gives no record twice, be it expired', async (trial) => {
    const driver = await trial.driver();
    const ids = Array.from({ length: 120 }, (_, n) => `chat:${1000 + n}`);
    const isBrief = (id: string) => Number(id.at(-1)) % 2 === 0;
    const put = async (id: string) => {
      const record = newRecord({ id });
      const expiresAt = isBrief(id) ? Date.now() + 1 : record.expiresAt;
      await driver.put(id, { ...record, expiresAt }, undefined, PATIENCE);
    };
    await Promise.all(ids.map(put));
    await Promise.all(ids.map(put));
    await pause(5);
    const found = (await entriesOf(driver)).map(([id]) => id).sort();
    const expected = ids.filter((id) => !isBrief(id) || found.includes(id));
    sameJson(found, expected, 'the ids from entries');
  }),
];
