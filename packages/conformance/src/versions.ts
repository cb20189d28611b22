import assert from 'node:assert/strict';
import { type DestroyOptions, type FullSessionStore, hashId, isSessionError } from '@sessions/core';
import { MINUTE } from './clock.ts';
import { gathered, listed } from './operations.ts';
import { fullStores, type Promised } from './promised.ts';
import { rejection, rejectsAs } from './rejection.ts';
import { sameJson } from './same-json.ts';

type Call = (store: FullSessionStore, id: string, options: DestroyOptions) => Promise<void>;

/** The calls that take `ifMatch`. */
const MATCHING: Readonly<Record<string, Call>> = {
  write: (store, id, options) => store.write(id, { n: 2 }, options),
  destroy: (store, id, options) => store.destroy(id, options),
};

const NO_ETAG: Readonly<Record<string, unknown>> = {
  undefined,
  'an empty etag': '',
  'a number': 42,
  'an object': {},
};

export const versions: readonly Promised[] = [
  fullStores(
    'readVersion and versions give the session, its etag and when it expires',
    async (trial) => {
      const { clock } = trial;
      const store = await trial.open({ expiresIn: 60, now: clock.now });
      sameJson(await store.readVersion('a'), null, 'readVersion of an absent session');
      await store.write('a', { n: 1 });
      await store.write('b', { n: 2 }, { expiresIn: Infinity });
      const hour = clock.time + 60 * MINUTE;
      const found = [await store.readVersion('a'), await store.readVersion('b')];
      const etags = await Promise.all(['a', 'b'].map((id) => etagOf(store, id)));
      const expected = [
        { session: { n: 1 }, etag: etags[0], expiresAt: hour },
        { session: { n: 2 }, etag: etags[1], expiresAt: null },
      ];
      sameJson(found, expected, 'what readVersion gave of two sessions');
      const listed = (await gathered(store.versions())).sort(([a], [b]) => (a < b ? -1 : 1));
      sameJson(
        listed,
        [
          ['a', expected[0]],
          ['b', expected[1]],
        ],
        'what versions gave',
      );
      clock.time = hour;
      sameJson(await store.readVersion('a'), null, 'readVersion of an expired session');
      const left = (await gathered(store.versions())).map(([id]) => id);
      sameJson(left, ['b'], 'the ids from versions when one of two has expired');
    },
  ),

  fullStores('each write gives a session another etag, and reading does not', async (trial) => {
    const store = await trial.open();
    const etags: string[] = [];
    const changes = [
      () => store.write('a', { n: 1 }),
      () => store.write('a', { n: 1 }),
      () => store.update('a', (session) => session),
      () => store.destroy('a').then(() => store.write('a', { n: 1 })),
    ];
    for (const change of changes) {
      await change();
      const etag = await etagOf(store, 'a');
      etags.push(etag);
      await store.read('a');
      await store.all();
      await listed(store);
      await gathered(store.versions());
      await gathered(store.ids());
      await store.prune();
      sameJson(await etagOf(store, 'a'), etag, 'the etag of a session that was read');
    }
    sameJson(new Set(etags).size, 4, `different etags among ${etags}, of four writes`);
  }),

  fullStores('changing what readVersion and versions gave changes nothing', async (trial) => {
    const store = await trial.open();
    await store.write('a', { deep: { n: 1 } });
    const spoil = (session: { deep?: { n?: number } } | undefined) => {
      if (session?.deep) session.deep.n = 2;
    };
    spoil((await store.readVersion('a'))?.session);
    for await (const [, { session }] of store.versions()) spoil(session);
    const [listed] = await gathered(store.versions());
    const found = [await store.read('a'), (await store.readVersion('a'))?.session];
    for (const session of [...found, listed?.[1].session]) {
      sameJson(session, { deep: { n: 1 } }, 'a session of which given versions were changed');
    }
  }),

  fullStores('write and destroy with the etag that is there are applied', async (trial) => {
    const { clock } = trial;
    const store = await trial.open({ expiresIn: 60, now: clock.now });
    await store.write('a', { n: 1 }, { ifMatch: null });
    sameJson(await store.read('a'), { n: 1 }, 'a session written where there was to be none');
    const etag = await etagOf(store, 'a');
    await store.write('a', { n: 2 }, { ifMatch: etag, expiresIn: 90 });
    const second = await store.readVersion('a');
    sameJson(second?.session, { n: 2 }, 'a session written in place of the version of ifMatch');
    sameJson(second?.expiresAt, clock.time + 90 * MINUTE, 'its expiresAt, with expiresIn 90');
    assert.ok(second && second.etag !== etag, 'a write with ifMatch should give another etag');
    await store.destroy('a', { ifMatch: second.etag });
    sameJson(await store.read('a'), null, 'a session destroyed with its etag');
    await store.destroy('a', { ifMatch: null });
    sameJson(await listed(store), [], 'entries after a destroy where there was to be none');
  }),

  fullStores(
    'write and destroy with another etag reject as CONFLICT and change nothing',
    async (trial) => {
      const store = await trial.open();
      await store.write('a', { n: 0 });
      const old = await etagOf(store, 'a');
      await store.write('a', { n: 1 });
      await store.write('b', { n: 1 });
      const before = await store.readVersion('a');
      const cases: [id: string, what: string, ifMatch: string | null][] = [
        ['a', 'the etag of the version before', old],
        ['a', 'the etag of another session', await etagOf(store, 'b')],
        ['a', 'null where a session is', null],
        ['absent', 'an etag where none is', old],
      ];
      for (const [id, which, ifMatch] of cases) {
        for (const [name, call] of Object.entries(MATCHING)) {
          const what = `${name} with ${which}`;
          const error = await rejectsAs('CONFLICT', what, () => call(store, id, { ifMatch }));
          sameJson(error.outcome, 'not-applied', `the outcome of ${what}`);
          sameJson(error.idHash, hashId(id), `the idHash of ${what}`);
          sameJson(await store.readVersion('a'), before, `the session after ${what}`);
          sameJson(await store.read('absent'), null, `an absent session after ${what}`);
        }
      }
    },
  ),

  fullStores('an expired session counts as none to ifMatch', async (trial) => {
    const { clock } = trial;
    const store = await trial.open({ expiresIn: 60, now: clock.now });
    for (const [name, call] of Object.entries(MATCHING)) {
      await store.write('a', { old: true });
      const ifMatch = await etagOf(store, 'a');
      clock.time += 60 * MINUTE;
      await rejectsAs('CONFLICT', `${name} with the etag of an expired session`, () =>
        call(store, 'a', { ifMatch }),
      );
      sameJson(await store.read('a'), null, `an expired session after ${name} with its etag`);
      await call(store, 'a', { ifMatch: null });
      const expected = name === 'write' ? { n: 2 } : null;
      sameJson(await store.read('a'), expected, `an expired session after ${name} with null`);
    }
  }),

  fullStores('of many writes at once with one etag exactly one is applied', async (trial) => {
    const stores = await trial.openTwo();
    for (let round = 0; round < 10; round++) {
      const id = `${round}`;
      await isWonByOne(stores, id, null);
      await isWonByOne(stores, id, await etagOf(stores[0], id));
    }
  }),

  fullStores('ifMatch that is no etag is a TypeError, and nothing changes', async (trial) => {
    const store = await trial.open();
    await store.write('a', { n: 1 });
    const before = await store.readVersion('a');
    for (const [which, ifMatch] of Object.entries(NO_ETAG)) {
      for (const [name, call] of Object.entries(MATCHING)) {
        for (const id of ['a', 'absent']) {
          const what = `${name} with ${which} as ifMatch`;
          const error = await rejection(`${what} should reject`, () =>
            call(store, id, { ifMatch } as DestroyOptions),
          );
          sameJson((error as Error).name, 'TypeError', `the error of ${what}`);
          sameJson(await store.readVersion('a'), before, `the session after ${what}`);
          sameJson(await store.read('absent'), null, `an absent session after ${what}`);
        }
      }
    }
  }),
];

async function etagOf(store: FullSessionStore, id: string): Promise<string> {
  const etag = (await store.readVersion(id))?.etag;
  assert.ok(typeof etag === 'string' && etag !== '', `the etag of a session is ${etag}`);
  return etag;
}

/** Lets ten writes race for one version. */
async function isWonByOne(
  stores: readonly FullSessionStore[],
  id: string,
  ifMatch: string | null,
): Promise<void> {
  const sessions = Array.from({ length: 10 }, (_, n) => ({ n }));
  const writes = await Promise.allSettled(
    sessions.map((each) => stores[each.n % 2]?.write(id, each, { ifMatch })),
  );
  const applied = sessions.filter((_, n) => writes[n]?.status === 'fulfilled');
  const what = `writes that resolved, of ten at once with ${ifMatch === null ? 'null' : 'one etag'}`;
  sameJson(applied.length, 1, what);
  for (const write of writes) {
    if (write.status === 'fulfilled' || isSessionError(write.reason, 'CONFLICT')) continue;
    throw write.reason;
  }
  sameJson(await stores[0]?.read(id), applied[0], 'the session after ten writes at once');
}
