import assert from 'node:assert/strict';
import { type FullSessionStore, isExpired, type Session } from '@sessions/core';
import fc from 'fast-check';
import { MINUTE, YEAR } from './clock.ts';
import { listed } from './operations.ts';
import { fullStores, type Promised } from './promised.ts';
import { randomCases } from './random-cases.ts';
import { because, rejection } from './rejection.ts';
import { sameJson } from './same-json.ts';
import type { Trial } from './trial.ts';

const LIFETIME = 60;

/** A store of sessions that live an hour by the trial's clock. */
function anHourlyStore(trial: Trial): Promise<FullSessionStore> {
  return trial.open({ expiresIn: LIFETIME, now: trial.clock.now });
}

export const expiry: readonly Promised[] = [
  fullStores('a session expires at the very end of its lifetime, not before', async (trial) => {
    const { clock } = trial;
    const store = await trial.open({ expiresIn: 90.5, now: clock.now });
    await store.write('a', { n: 1 });
    clock.time += 90.5 * MINUTE - 1;
    sameJson(await store.read('a'), { n: 1 }, 'the session 1 ms before its 90.5 minutes are over');
    clock.time += 1;
    sameJson(await store.read('a'), null, 'the session when its 90.5 minutes are over');
    clock.time += YEAR;
    sameJson(await store.read('a'), null, 'the session a year later');
  }),

  fullStores('reading does not renew a session', async (trial) => {
    const store = await anHourlyStore(trial);
    await store.write('a', { n: 1 });
    trial.clock.time += 40 * MINUTE;
    await store.read('a');
    await store.all();
    await listed(store);
    await store.prune();
    trial.clock.time += 20 * MINUTE;
    sameJson(await store.read('a'), null, 'a session of 60 minutes, 60 after its last write');
  }),

  fullStores('write and update renew a session', async (trial) => {
    const store = await anHourlyStore(trial);
    await store.write('a', { n: 1 });
    await store.write('b', { n: 1 });
    trial.clock.time += 40 * MINUTE;
    await store.write('a', { n: 2 });
    await store.update('b', (session) => session);
    trial.clock.time += 59 * MINUTE;
    sameJson(await store.read('a'), { n: 2 }, 'a session of 60 minutes, 59 after a second write');
    sameJson(await store.read('b'), { n: 1 }, 'a session of 60 minutes, 59 after an update');
    trial.clock.time += 1 * MINUTE;
    sameJson(await store.read('a'), null, 'a session of 60 minutes, 60 after its second write');
    sameJson(await store.read('b'), null, 'a session of 60 minutes, 60 after its update');
  }),

  fullStores('touch renews a session and changes nothing else', async (trial) => {
    const store = await anHourlyStore(trial);
    await store.write('a', { n: 1, deep: { b: 1, a: 2 } });
    await store.write('b', { n: 1 });
    trial.clock.time += 40 * MINUTE;
    sameJson(await store.touch('a'), true, 'what touch of a session that is there answers');
    trial.clock.time += 59 * MINUTE;
    sameJson(await store.read('a'), { n: 1, deep: { b: 1, a: 2 } }, 'a session touched in time');
    sameJson(await store.read('b'), null, 'another one, that was not touched');
    trial.clock.time += 1 * MINUTE;
    sameJson(await store.read('a'), null, 'a session of 60 minutes, 60 after its touch');
  }),

  fullStores(
    'touch of an absent or expired session answers false and creates nothing',
    async (trial) => {
      const store = await anHourlyStore(trial);
      sameJson(await store.touch('a'), false, 'what touch of an absent session answers');
      await store.write('b', { n: 1 });
      trial.clock.time += 60 * MINUTE;
      sameJson(await store.touch('b'), false, 'what touch of an expired session answers');
      sameJson(await store.read('a'), null, 'an absent session after touch');
      sameJson(await store.read('b'), null, 'an expired session after touch');
      sameJson(await store.all(), [], 'all() after touch of an absent and an expired session');
    },
  ),

  fullStores('an expired session is not listed', async (trial) => {
    const store = await anHourlyStore(trial);
    await store.write('old', { n: 1 });
    trial.clock.time += 30 * MINUTE;
    await store.write('new', { n: 2 });
    trial.clock.time += 30 * MINUTE;
    sameJson(await store.all(), [{ n: 2 }], 'all() when one of two sessions has expired');
    sameJson(await listed(store), [['new', { n: 2 }]], 'entries when one of two has expired');
  }),

  fullStores('an expired session is null to update, and may be created anew', async (trial) => {
    const store = await anHourlyStore(trial);
    await store.write('a', { old: true });
    await store.write('b', { old: true });
    trial.clock.time += 60 * MINUTE;
    let given: Session | null | undefined;
    await store.update('a', (session) => {
      given = session;
      return { new: true };
    });
    assert.ok(given === null, 'update should give null for a session that has expired');
    await store.write('b', { new: true });
    trial.clock.time += 59 * MINUTE;
    sameJson(await store.read('a'), { new: true }, 'an expired session that update created anew');
    sameJson(await store.read('b'), { new: true }, 'an expired session that write created anew');
  }),

  fullStores('a lifetime of Infinity never ends', async (trial) => {
    const store = await trial.open({ expiresIn: Infinity, now: trial.clock.now });
    await store.write('a', { n: 1 });
    sameJson(await store.read('a'), { n: 1 }, 'a session that never expires');
    trial.clock.time += 10_000 * YEAR;
    sameJson(await store.prune(), 0, 'what prune counts where nothing expires');
    sameJson(await store.all(), [{ n: 1 }], 'all() after ten thousand years');
    sameJson(await store.touch('a'), true, 'touch of a session that never expires');
    sameJson(await store.read('a'), { n: 1 }, 'a session that never expires, after touch');
  }),

  fullStores('a session lives for a year of 365 days where nothing else is said', async (trial) => {
    const store = await trial.open({ now: trial.clock.now });
    await store.write('a', { n: 1 });
    trial.clock.time += YEAR - 1;
    sameJson(await store.read('a'), { n: 1 }, 'the session 1 ms before its year is over');
    trial.clock.time += 1;
    sameJson(await store.read('a'), null, 'the session when its year is over');
  }),

  fullStores('the clock may jump a thousand years either way', async (trial) => {
    const { clock } = trial;
    const store = await anHourlyStore(trial);
    await store.write('a', { n: 1 });
    clock.time -= 1000 * YEAR;
    sameJson(await store.read('a'), { n: 1 }, 'a session after the clock was set back');
    clock.time += 2000 * YEAR;
    sameJson(await store.read('a'), null, 'a session a thousand years later');
    await store.write('b', { n: 2 });
    sameJson(await store.read('b'), { n: 2 }, 'a session written in a thousand years');
    clock.time += 59 * MINUTE;
    sameJson(await store.read('b'), { n: 2 }, 'that session within its hour');
    clock.time += 1 * MINUTE;
    sameJson(await store.read('b'), null, 'that session after its hour');
  }),

  // Nothing has expired by the real time, so a backend that reclaims by that leaves all to count.
  fullStores('prune removes what has expired, counts it, and leaves the rest', async (trial) => {
    const store = await anHourlyStore(trial);
    sameJson(await store.prune(), 0, 'what prune of an empty store counts');
    for (const id of ['a', 'b', 'c']) await store.write(id, { id });
    trial.clock.time += 30 * MINUTE;
    for (const id of ['d', 'e']) await store.write(id, { id });
    trial.clock.time += 30 * MINUTE - 0.5; // not every backend knows half a millisecond
    sameJson(await store.prune(), 0, 'what prune counts before anything has expired');
    trial.clock.time += 0.5;
    sameJson(await store.prune(), 3, 'what prune counts when three of five have expired');
    sameJson(await store.prune(), 0, 'what prune counts right after prune');
    trial.clock.time -= 30 * MINUTE;
    const left = (await listed(store)).map(([id]) => id);
    sameJson(left.sort(), ['d', 'e'], 'what is left after prune, were it half an hour earlier');
  }),

  fullStores('a lifetime that is no number above 0 is refused by name', async (trial) => {
    for (const expiresIn of [0, -1, Number.NaN, -Infinity, '60', null, {}]) {
      const error = await rejection(`a store with expiresIn ${expiresIn} should be refused`, () =>
        trial.open({ expiresIn: expiresIn as number }),
      );
      const { name, message } = error as Error;
      if (!/^(Range|Type)Error$/.test(name) || !message.includes('expiresIn')) {
        throw because(
          error,
          `expected a RangeError or TypeError that names expiresIn, got ${error}`,
        );
      }
    }
  }),

  fullStores('any sequence of operations does what a Map with a clock does', async (trial) => {
    const { clock } = trial;
    const store = await anHourlyStore(trial);
    let run = 0;
    await randomCases(30, steps, async (sequence) => {
      run++;
      const model = new Map<string, { session: Session; expiresAt: number }>();
      const live = (id: string) => {
        const record = model.get(id);
        return record && !isExpired(record, clock.time) ? record.session : null;
      };
      const put = (id: string, session: Session) =>
        model.set(id, { session, expiresAt: clock.time + LIFETIME * MINUTE });

      for (const [n, { action, name, minutes }] of sequence.entries()) {
        const id = `${run}:${name}`;
        const step = `step ${n}, ${action}`;
        const before = live(id);
        const after = { names: [...(before?.names ?? []), n] };
        if (action === 'write') {
          await store.write(id, { n });
          put(id, { n });
        } else if (action === 'update') {
          const change = (session: Session | null) => ({ names: [...(session?.names ?? []), n] });
          sameJson(await store.update(id, change), after, step);
          put(id, after);
        } else if (action === 'touch') {
          sameJson(await store.touch(id), before !== null, step);
          if (before) put(id, before);
        } else if (action === 'destroy') {
          await store.destroy(id);
          model.delete(id);
        } else if (action === 'wait') {
          clock.time += minutes * MINUTE;
        } else if (action === 'prune') {
          await store.prune();
        } else {
          const found = (await listed(store)).filter(([each]) => each.startsWith(`${run}:`));
          const expected = [...model.keys()].filter(live).map((each) => [each, live(each)]);
          sameJson(sorted(found), sorted(expected), step);
        }
        sameJson(await store.read(id), live(id), `read after ${step}`);
      }
    });
  }),
];

const steps = fc.array(
  fc.record({
    action: fc.constantFrom('write', 'update', 'touch', 'destroy', 'wait', 'wait', 'prune', 'list'),
    name: fc.constantFrom('a', 'b'),
    minutes: fc.constantFrom(1, 29, 30, 31, 59, 60),
  }),
  { minLength: 4, maxLength: 15, size: 'max' },
);

function sorted(entries: unknown[]): string[] {
  return entries.map((entry) => JSON.stringify(entry)).sort();
}
