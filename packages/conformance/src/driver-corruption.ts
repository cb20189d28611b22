import assert from 'node:assert/strict';
import { isSessionError } from '@sessions/core';
import { lastingStores, type Promised } from './promised.ts';
import type { ReadableDriver } from './readable-driver.ts';
import { newEtag, newRecord } from './records.ts';
import { rejectsAs } from './rejection.ts';
import { sameJson } from './same-json.ts';
import { PATIENCE } from './trial.ts';

export const driverCorruption: readonly Promised[] = [
  lastingStores('put replaces no corrupt record, whatever it expects', async (trial) => {
    const driver = await trial.driver();
    const record = newRecord({ n: 1 });
    await driver.put('a', record, null, PATIENCE);
    await trial.corrupt('a');
    const expectations = {
      'nothing to be there': null,
      'whatever is there': undefined,
      'the version that became corrupt': record.etag,
      'another version': newEtag(),
    };
    for (const [what, expected] of Object.entries(expectations)) {
      const next = { ...newRecord({ n: 2 }), history: [record.etag] };
      const answer = await unlessCorrupt(() => driver.put('a', next, expected, PATIENCE));
      const claim = `put that expects ${what}, where a corrupt record is,`;
      if (expected === undefined) {
        sameJson(answer, 'CORRUPT', `${claim} should reject`);
      } else {
        assert.ok(answer !== true, `${claim} should answer false or reject as CORRUPT, not true`);
      }
      await isCorrupt(driver, `after ${claim}`);
    }
  }),

  lastingStores(
    'delete that expects an etag leaves a corrupt record, unless that is its etag',
    async (trial) => {
      const driver = await trial.driver();
      const record = newRecord({ n: 1 });
      await driver.put('a', record, null, PATIENCE);
      await trial.corrupt('a');
      const remove = (etag: string) => unlessCorrupt(() => driver.delete('a', etag, PATIENCE));
      const claim = 'delete of another version, where a corrupt record is,';
      const answer = await remove(newEtag());
      assert.ok(answer !== true, `${claim} should answer false or reject as CORRUPT, not true`);
      await isCorrupt(driver, `after ${claim}`);
      // Some can read the etag of what is damaged elsewhere.
      if ((await remove(record.etag)) === true) {
        sameJson(await driver.get('a', PATIENCE), null, 'a corrupt record, after delete of it');
      } else {
        await isCorrupt(driver, 'after delete of its version, which did not answer true,');
      }
    },
  ),
];

/** What the call answers, or `'CORRUPT'` if it rejects with that. */
async function unlessCorrupt<T>(call: () => T | PromiseLike<T>): Promise<T | 'CORRUPT'> {
  try {
    return await call();
  } catch (error) {
    if (isSessionError(error, 'CORRUPT')) return 'CORRUPT';
    throw error;
  }
}

async function isCorrupt(driver: ReadableDriver, when: string): Promise<void> {
  await rejectsAs('CORRUPT', `get ${when}`, async () => driver.get('a', PATIENCE));
}
