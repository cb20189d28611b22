import { HISTORY_LENGTH, type SessionRecord } from '@sessions/core';
import { fullStores, type Promised } from './promised.ts';
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
    const records: Record<string, SessionRecord> = {
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
];
