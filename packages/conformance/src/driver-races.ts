import assert from 'node:assert/strict';
import { HISTORY_LENGTH } from '@sessions/core';
import { fullStores, type Promised } from './promised.ts';
import type { ReadableDriver, ReadableRecord } from './readable-driver.ts';
import { holds, newEtag, newRecord } from './records.ts';
import { sameJson } from './same-json.ts';
import { PATIENCE } from './trial.ts';

export const driverRaces: readonly Promised[] = [
  fullStores('of many puts in place of one version, exactly one is applied', async (trial) => {
    const drivers = await trial.twoDrivers();
    for (const expected of [null, newEtag()]) {
      for (let round = 0; round < 5; round++) {
        const id = `${expected}:${round}`;
        if (expected)
          await drivers[0].put(id, { ...newRecord({}), etag: expected }, null, PATIENCE);
        const records = Array.from({ length: 8 }, (_, n) => newRecord({ n }));
        const applied = await Promise.all(
          records.map((record, n) => at(drivers, n).put(id, record, expected, PATIENCE)),
        );
        const winners = records.filter((_, n) => applied[n]);
        sameJson(winners.length, 1, 'how many of eight puts at once answered true');
        holds(await drivers[1].get(id, PATIENCE), winners[0], 'the record, after one put won');
      }
    }
  }),

  fullStores(
    'of a put and a delete in place of one version, exactly one is applied',
    async (trial) => {
      const drivers = await trial.twoDrivers();
      for (let round = 0; round < 10; round++) {
        const id = `${round}`;
        const first = newRecord({ n: 1 });
        const second = { ...newRecord({ n: 2 }), history: [first.etag] };
        await drivers[0].put(id, first, null, PATIENCE);
        const put = async () => at(drivers, round).put(id, second, first.etag, PATIENCE);
        const remove = async () => at(drivers, round + 1).delete(id, first.etag, PATIENCE);
        const [isPut, isDeleted] =
          round % 4 < 2
            ? await Promise.all([put(), remove()])
            : (await Promise.all([remove(), put()])).reverse();
        const found = await drivers[0].get(id, PATIENCE);
        assert.ok(isPut !== isDeleted, `put answered ${isPut}, and delete at once ${isDeleted}`);
        if (isPut) holds(found, second, 'the record, after put was faster than delete');
        else sameJson(found, null, 'the record, after delete was faster than put');
      }
    },
  ),

  fullStores('the etags of a long concurrent history form one chain', async (trial) => {
    const drivers = await trial.twoDrivers();
    const chain = (record: ReadableRecord | null): string[] => record?.session.chain ?? [];
    const isChained = (record: ReadableRecord | null) => {
      if (!record) return;
      const etags = chain(record).toReversed();
      sameJson(record.etag, etags[0], 'the etag of the last version in the chain');
      sameJson(record.history, etags.slice(1, 1 + HISTORY_LENGTH), 'the history, newest first');
    };
    const work = async (driver: ReadableDriver) => {
      for (let done = 0; done < 10; ) {
        const found = await driver.get('a', PATIENCE);
        isChained(found);
        const etag = newEtag();
        const next = {
          ...newRecord({ chain: [...chain(found), etag] }),
          etag,
          history: chain(found).toReversed().slice(0, HISTORY_LENGTH),
        };
        if (!(await driver.put('a', next, found?.etag ?? null, PATIENCE))) continue;
        acknowledged.push(etag);
        done++;
      }
    };
    const acknowledged: string[] = [];
    await Promise.all([...drivers, ...drivers].map(work));
    const last = await drivers[0].get('a', PATIENCE);
    isChained(last);
    sameJson(chain(last).toSorted(), acknowledged.sort(), 'the etags in the chain');
  }),
];

function at<T>([even, odd]: [T, T], n: number): T {
  return n % 2 === 0 ? even : odd;
}
