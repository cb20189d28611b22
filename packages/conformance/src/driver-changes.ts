import { HISTORY_LENGTH } from '@sessions/core';
import { fullStores, type Promised } from './promised.ts';
import type { ReadableRecord } from './readable-driver.ts';
import { answers, holds, newEtag, newRecord } from './records.ts';
import { sameJson } from './same-json.ts';
import { PATIENCE } from './trial.ts';

export const driverChanges: readonly Promised[] = [
  fullStores('put that expects null creates, and replaces nothing', async (trial) => {
    const driver = await trial.driver();
    const [first, second] = [newRecord({ n: 1 }), newRecord({ n: 2 })];
    await answers(true, 'put where nothing is', driver.put('a', first, null, PATIENCE));
    await answers(false, 'put that expects nothing', driver.put('a', second, null, PATIENCE));
    holds(await driver.get('a', PATIENCE), first, 'the record after put that expected nothing');
  }),

  fullStores('put that expects an etag replaces that version and no other', async (trial) => {
    const driver = await trial.driver();
    const first = newRecord({ n: 1 });
    const second = { ...newRecord({ n: 2 }), history: [first.etag] };
    const stray = { ...newRecord({ n: 3 }), history: [first.etag] };
    await answers(
      false,
      'put that expects an absent version',
      driver.put('a', second, first.etag, PATIENCE),
    );
    sameJson(await driver.get('a', PATIENCE), null, 'a record only put in place of an absent one');
    await driver.put('a', first, null, PATIENCE);
    await answers(
      false,
      'put that expects another version',
      driver.put('a', second, newEtag(), PATIENCE),
    );
    holds(await driver.get('a', PATIENCE), first, 'the record after put that expected another');
    await answers(
      true,
      'put that expects this version',
      driver.put('a', second, first.etag, PATIENCE),
    );
    holds(await driver.get('a', PATIENCE), second, 'the record after put that expected this one');
    await answers(
      false,
      'put that expects a former version',
      driver.put('a', stray, first.etag, PATIENCE),
    );
    holds(
      await driver.get('a', PATIENCE),
      second,
      'the record after put that expected a former one',
    );
  }),

  fullStores(
    'put that expects undefined replaces what is there and adds it to the history',
    async (trial) => {
      const driver = await trial.driver();
      const versions = Array.from({ length: HISTORY_LENGTH + 3 }, (_, n) => newRecord({ n }));
      for (const [n, version] of versions.entries()) {
        await answers(
          true,
          'put of whatever is there',
          driver.put('a', version, undefined, PATIENCE),
        );
        const before = versions
          .slice(0, n)
          .map(({ etag }) => etag)
          .reverse();
        const expected = { ...version, history: before.slice(0, HISTORY_LENGTH) };
        holds(await driver.get('a', PATIENCE), expected, `the record after ${n + 1} puts`);
      }
    },
  ),

  fullStores('a put that is repeated answers true and changes nothing', async (trial) => {
    const driver = await trial.driver();
    const first = newRecord({ n: 1 });
    const second = { ...newRecord({ n: 2 }), history: [first.etag] };
    const repeat = async (what: string, record: ReadableRecord, current: ReadableRecord) => {
      for (const expected of [null, undefined, first.etag, newEtag()]) {
        await answers(true, `the ${what}, repeated,`, driver.put('a', record, expected, PATIENCE));
        holds(
          await driver.get('a', PATIENCE),
          current,
          `the record after the ${what} was repeated`,
        );
      }
    };
    await driver.put('a', first, null, PATIENCE);
    await repeat('put that created it', first, first);
    await driver.put('a', second, first.etag, PATIENCE);
    await repeat('last put', second, second);
    await repeat('put before the last', first, second);
  }),

  fullStores('etags that differ only in case are different etags', async (trial) => {
    const driver = await trial.driver();
    const first = newRecord({ n: 1 });
    const second = { ...newRecord({ n: 2 }), history: [first.etag] };
    const other = inOtherCase(first.etag);
    await driver.put('a', first, null, PATIENCE);
    const putOther = driver.put('a', second, other, PATIENCE);
    await answers(false, 'put that expects this version in other case', putOther);
    const deleteOther = driver.delete('a', other, PATIENCE);
    await answers(false, 'delete that expects this version in other case', deleteOther);
    holds(await driver.get('a', PATIENCE), first, 'the record after that');

    await driver.put('a', second, first.etag, PATIENCE);
    const third = (etag: string) => ({ ...newRecord({ n: 3 }), etag: inOtherCase(etag) });
    for (const { etag } of [second, first]) {
      const putTwin = driver.put('a', third(etag), null, PATIENCE);
      await answers(false, 'put of an etag that is there in other case, no repeat,', putTwin);
      holds(await driver.get('a', PATIENCE), second, 'the record after that');
    }
    const last = { ...third(second.etag), history: [second.etag, first.etag] };
    const putLast = driver.put('a', last, second.etag, PATIENCE);
    await answers(true, 'put of an etag that is expected in other case', putLast);
    holds(await driver.get('a', PATIENCE), last, 'the record after that');
  }),

  fullStores('delete without an expected etag removes whatever is there', async (trial) => {
    const driver = await trial.driver();
    await answers(true, 'delete where nothing is', driver.delete('a', undefined, PATIENCE));
    await driver.put('a', newRecord({ n: 1 }), null, PATIENCE);
    await answers(true, 'delete', driver.delete('a', undefined, PATIENCE));
    sameJson(await driver.get('a', PATIENCE), null, 'the record after delete');
  }),

  fullStores('delete that expects an etag removes that version and no other', async (trial) => {
    const driver = await trial.driver();
    const first = newRecord({ n: 1 });
    const second = { ...newRecord({ n: 2 }), history: [first.etag] };
    await answers(false, 'delete of an absent version', driver.delete('a', first.etag, PATIENCE));
    await driver.put('a', first, null, PATIENCE);
    await driver.put('a', second, first.etag, PATIENCE);
    for (const other of [first.etag, newEtag()]) {
      await answers(false, 'delete of another version', driver.delete('a', other, PATIENCE));
      holds(await driver.get('a', PATIENCE), second, 'the record after delete of another version');
    }
    await answers(true, 'delete of this version', driver.delete('a', second.etag, PATIENCE));
    sameJson(await driver.get('a', PATIENCE), null, 'the record after delete of this version');
  }),
];

function inOtherCase(etag: string): string {
  return etag.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
