import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  type Driver,
  type DriverEntry,
  HISTORY_LENGTH,
  isSessionError,
  type SessionRecord,
} from '@sessions/core';
import { MINUTE } from './clock.ts';
import { fullStores, lastingStores, type Promised } from './promised.ts';
import { rejectsAs } from './rejection.ts';
import { sameJson } from './same-json.ts';
import { PATIENCE } from './trial.ts';

export const driver: readonly Promised[] = [
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
    const repeat = async (what: string, record: SessionRecord, current: SessionRecord) => {
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
    const chain = (record: SessionRecord | null): string[] => record?.session.chain ?? [];
    const isChained = (record: SessionRecord | null) => {
      if (!record) return;
      const etags = chain(record).toReversed();
      sameJson(record.etag, etags[0], 'the etag of the last version in the chain');
      sameJson(record.history, etags.slice(1, 1 + HISTORY_LENGTH), 'the history, newest first');
    };
    const work = async (driver: Driver) => {
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

function newEtag(): string {
  return randomBytes(12).toString('base64url');
}

function newRecord(session: SessionRecord['session']): SessionRecord {
  return { session, expiresAt: Date.now() + 60 * MINUTE, etag: newEtag(), history: [] };
}

function at<T>([even, odd]: [T, T], n: number): T {
  return n % 2 === 0 ? even : odd;
}

/** What the call answers, or `'CORRUPT'` if it rejects with that. */
async function unlessCorrupt<T>(call: () => T | PromiseLike<T>): Promise<T | 'CORRUPT'> {
  try {
    return await call();
  } catch (error) {
    if (isSessionError(error, 'CORRUPT')) return 'CORRUPT';
    throw error;
  }
}

async function isCorrupt(driver: Driver, when: string): Promise<void> {
  await rejectsAs('CORRUPT', `get ${when}`, async () => driver.get('a', PATIENCE));
}

async function answers(
  expected: boolean,
  what: string,
  answer: boolean | PromiseLike<boolean>,
): Promise<void> {
  sameJson(await answer, expected, `${what} should answer ${expected}`);
}

function holds(
  actual: SessionRecord | null,
  expected: SessionRecord | undefined,
  what: string,
): void {
  assert.ok(actual, `${what}: there is none`);
  for (const member of ['session', 'expiresAt', 'etag', 'history'] as const) {
    sameJson(actual[member], expected?.[member], `${what}, ${member}`);
  }
}

async function entriesOf(driver: Driver): Promise<[id: string, SessionRecord][]> {
  const entries: [string, SessionRecord][] = [];
  for await (const entry of driver.entries('')) {
    if (entry === null) continue;
    assert.ok(isPair(entry), `entries gave ${entry} in place of a record`);
    entries.push([entry[0], entry[1]]);
  }
  return entries;
}

function isPair(entry: DriverEntry): entry is readonly [string, SessionRecord] {
  return Array.isArray(entry);
}
