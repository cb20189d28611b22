import type { FullSessionStore, LifetimeOptions } from '@sessions/core';
import { MINUTE, YEAR } from './clock.ts';
import { fullStores, type Promised } from './promised.ts';
import { rejection } from './rejection.ts';
import { sameJson } from './same-json.ts';
import type { Trial } from './trial.ts';

type Call = (store: FullSessionStore, id: string, options?: LifetimeOptions) => Promise<unknown>;

/** The calls that start a lifetime. None of them changes a session that is `{ n: 1 }`. */
const STARTING: Readonly<Record<string, Call>> = {
  write: (store, id, options) => store.write(id, { n: 1 }, options),
  update: (store, id, options) => store.update(id, () => ({ n: 1 }), options),
  touch: (store, id, options) => store.touch(id, options),
};

const REFUSED: readonly (readonly [expiresIn: unknown, error: string])[] = [
  ...[0, -1, Number.NaN, -Infinity].map((each) => [each, 'RangeError'] as const),
  ...['60', null, {}, 60n].map((each) => [each, 'TypeError'] as const),
];

const UNKNOWN: Readonly<Record<string, (store: FullSessionStore, id: string) => Promise<unknown>>> =
  {
    'write with ttl': (store, id) => store.write(id, { n: 2 }, { ttl: 60 } as LifetimeOptions),
    'write with ifmatch': (store, id) => store.write(id, { n: 2 }, { ifmatch: '' } as object),
    'update with ttl': (store, id) =>
      store.update(id, () => ({ n: 2 }), { ttl: 60 } as LifetimeOptions),
    'update with ifMatch': (store, id) =>
      store.update(id, () => ({ n: 2 }), { ifMatch: null } as object),
    'touch with ttl': (store, id) => store.touch(id, { ttl: 60 } as LifetimeOptions),
    'destroy with ifmatch': (store, id) => store.destroy(id, { ifmatch: '' } as object),
  };

/** A store of sessions that live an hour by the trial's clock. */
function anHourlyStore(trial: Trial): Promise<FullSessionStore> {
  return trial.open({ expiresIn: 60, now: trial.clock.now });
}

export const lifetimes: readonly Promised[] = [
  fullStores(
    'write, update and touch each take a lifetime for this once, to the millisecond',
    async (trial) => {
      const { clock } = trial;
      const store = await anHourlyStore(trial);
      for (const [name, call] of Object.entries(STARTING)) {
        for (const expiresIn of [1.5, 90.5]) {
          await store.write('a', { n: 1 });
          await call(store, 'a', { expiresIn });
          const what = `the session, ${name} with expiresIn ${expiresIn},`;
          clock.time += expiresIn * MINUTE - 1;
          sameJson(await store.read('a'), { n: 1 }, `${what} 1 ms before that is over`);
          clock.time += 1;
          sameJson(await store.read('a'), null, `${what} when that is over`);
        }
        await store.write('a', { n: 1 });
        await call(store, 'a', { expiresIn: Infinity });
        clock.time += YEAR;
        sameJson(await store.read('a'), { n: 1 }, `${name} with expiresIn Infinity, a year later`);
      }
    },
  ),

  fullStores('a lifetime of one call ends with the next that gives none', async (trial) => {
    const { clock } = trial;
    const store = await anHourlyStore(trial);
    for (const [first, call] of Object.entries(STARTING)) {
      for (const [next, plain] of Object.entries(STARTING)) {
        for (const options of [undefined, {}, { expiresIn: undefined }]) {
          await store.write('a', { n: 1 });
          await call(store, 'a', { expiresIn: 90 });
          clock.time += 30 * MINUTE;
          await plain(store, 'a', options);
          const what = `the session of a store of 60 minutes, ${first} with 90, then plain ${next},`;
          clock.time += 60 * MINUTE - 1;
          sameJson(await store.read('a'), { n: 1 }, `${what} 1 ms before 60 minutes are over`);
          clock.time += 1;
          sameJson(await store.read('a'), null, `${what} when 60 minutes are over`);
        }
      }
    }
  }),

  fullStores(
    'a lifetime of one call that is no number above 0 is refused, and nothing changes',
    async (trial) => {
      const store = await anHourlyStore(trial);
      await store.write('a', { n: 1 });
      const before = await store.readVersion('a');
      trial.clock.time += 1 * MINUTE;
      for (const [expiresIn, expected] of REFUSED) {
        for (const [name, call] of Object.entries(STARTING)) {
          for (const id of ['a', 'absent']) {
            const what = `${name} with expiresIn ${String(expiresIn)}`;
            const options = { expiresIn } as LifetimeOptions;
            const error = await rejection(`${what} should reject`, () => call(store, id, options));
            sameJson((error as Error).name, expected, `the error of ${what}`);
            await isAsBefore(store, before, what);
          }
        }
      }
    },
  ),

  fullStores(
    'an option that a call does not know is a TypeError, and nothing changes',
    async (trial) => {
      const store = await anHourlyStore(trial);
      await store.write('a', { n: 1 });
      const before = await store.readVersion('a');
      trial.clock.time += 1 * MINUTE;
      for (const [what, call] of Object.entries(UNKNOWN)) {
        for (const id of ['a', 'absent']) {
          const error = await rejection(`${what} should reject`, () => call(store, id));
          sameJson((error as Error).name, 'TypeError', `the error of ${what}`);
          await isAsBefore(store, before, what);
        }
      }
    },
  ),
];

async function isAsBefore(store: FullSessionStore, before: unknown, what: string): Promise<void> {
  sameJson(await store.readVersion('a'), before, `the session after ${what} was refused`);
  sameJson(await store.read('absent'), null, `a session that there was not, after ${what}`);
}
