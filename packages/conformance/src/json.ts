import type { Session, SessionStore } from '@sessions/core';
import { listed } from './operations.ts';
import { everyStore, fullStores, type Promised } from './promised.ts';
import { randomCases } from './random-cases.ts';
import { AWKWARD_KEYS, AWKWARD_VALUES, sessions } from './random-json.ts';
import { rejection, rejectsAs } from './rejection.ts';
import { asJson, sameJson } from './same-json.ts';

export const json: readonly Promised[] = [
  everyStore('any JSON object comes back as it was', async (trial) => {
    const store = await trial.open();
    await comesBack(store, awkward(), 'an awkward session');
    await randomCases(60, sessions, (session) => comesBack(store, session, 'a random session'));
  }),

  everyStore('all() gives any JSON object as it was', async (trial) => {
    const store = await trial.open();
    await store.write('a', awkward());
    sameJson(await store.all(), [asJson(awkward())], 'all() of one awkward session');
  }),

  everyStore('a session of 1 MiB comes back as it was', async (trial) => {
    const store = await trial.open();
    await comesBack(store, { text: 'é😀\n'.repeat(2 ** 17) }, 'a session of one long text');
    const list = Array.from({ length: 2 ** 15 }, (_, n) => ({ n, text: `value ${n}` }));
    await comesBack(store, { list }, 'a session of many small values');
  }),

  everyStore('a session nested 100 deep comes back as it was', async (trial) => {
    const store = await trial.open();
    await comesBack(
      store,
      nested(100, (inner) => ({ inner })),
      'objects nested 100 deep',
    );
    await comesBack(store, { list: nested(98, (inner) => [inner]) }, 'arrays nested 99 deep');
  }),

  everyStore('what JSON changes becomes what JSON makes of it', async (trial) => {
    const store = await trial.open();
    for (const [what, value] of Object.entries(changedByJson())) {
      await comesBack(store, { value, list: [value], deep: { value } }, what);
    }
  }),

  everyStore('what JSON cannot hold is rejected, and the old session stays', async (trial) => {
    const store = await trial.open();
    await store.write('a', { old: true });
    const bad = { 'a cycle': cycle(), 'a BigInt': { n: 1n }, 'a failing toJSON': failingToJson() };
    for (const [what, session] of Object.entries(bad)) {
      await rejection(`write of a session with ${what} should reject`, () =>
        store.write('a', session),
      );
      sameJson(await store.read('a'), { old: true }, `the old session, after ${what}`);
    }
  }),

  fullStores('entries and update give any JSON object as it was', async (trial) => {
    const store = await trial.open();
    const expected = asJson(awkward());
    await store.write('a', awkward());
    sameJson(await listed(store), [['a', expected]], 'entries of one awkward session');
    const updated = await store.update('a', (session) => {
      sameJson(session, expected, 'what update gives to `change`');
      return awkward();
    });
    sameJson(updated, expected, 'what update resolves with');
    await store.touch('a');
    sameJson(await store.read('a'), expected, 'the session after update and touch');
  }),

  fullStores(
    'what is no JSON object is rejected as INVALID_SESSION, and the old session stays',
    async (trial) => {
      const store = await trial.open();
      await store.write('a', { old: true });
      for (const [what, value] of Object.entries(notJsonObjects())) {
        const session = value as Session;
        await rejectsAs('INVALID_SESSION', `write of ${what}`, () => store.write('a', session));
        sameJson(await store.read('a'), { old: true }, `the old session, after write of ${what}`);
        if (session === null || session === undefined) continue; // these mean something to update
        await rejectsAs('INVALID_SESSION', `update to ${what}`, () =>
          store.update('a', () => session),
        );
        sameJson(await store.read('a'), { old: true }, `the old session, after update to ${what}`);
        await rejectsAs('INVALID_SESSION', `write of ${what}`, () => store.write('new', session));
        sameJson(await store.read('new'), null, `a session that was only written as ${what}`);
      }
    },
  ),

  fullStores(
    'a session over maxSessionBytes is rejected as TOO_LARGE, and the old one stays',
    async (trial) => {
      const store = await trial.open({ maxSessionBytes: 1000 });
      const old = { text: `${'é'.repeat(494)}x` };
      await comesBack(store, old, 'a session of just maxSessionBytes');
      const large = { text: 'é'.repeat(495) };
      await rejectsAs('TOO_LARGE', 'write of one byte too many', () => store.write('a', large));
      sameJson(await store.read('a'), old, 'the old session, after write');
      await rejectsAs('TOO_LARGE', 'update to one byte too many', () =>
        store.update('a', () => large),
      );
      sameJson(await store.read('a'), old, 'the old session, after update');
    },
  ),
];

async function comesBack(store: SessionStore, session: Session, what: string): Promise<void> {
  await store.write('a', session);
  sameJson(await store.read('a'), asJson(session), what);
}

function awkward(): Session {
  const members = AWKWARD_KEYS.map((key, n) => [key, n] as const);
  return Object.fromEntries<unknown>([
    ...members,
    ['values', AWKWARD_VALUES],
    ['deep', [Object.fromEntries(members)]],
  ]);
}

function nested(depth: number, wrap: (inner: object) => object): object {
  let value: object = wrap({});
  for (let i = 2; i < depth; i++) value = wrap(value);
  return value;
}

function changedByJson(): Record<string, unknown> {
  class Point {
    x = 1;
    #hidden = 2;
    get sum(): number {
      return this.x + this.#hidden;
    }
  }
  return {
    'a Date': new Date(0),
    'an invalid Date': new Date(Number.NaN),
    undefined: undefined,
    'NaN and Infinity': [Number.NaN, Infinity, -Infinity],
    'negative zero': -0,
    'a Map and a Set': [new Map([['a', 1]]), new Set([1])],
    'a function and a symbol': [() => 1, Symbol('a')],
    'a symbol key': { [Symbol('a')]: 1 },
    'an object with toJSON': { toJSON: () => ({ made: 'by toJSON' }) },
    'an object of a class': new Point(),
    'an object without a prototype': Object.assign(Object.create(null), { a: 1 }),
    'boxed values': [new Number(1), new String('a'), new Boolean(false)],
    bytes: new Uint8Array([1, 2]),
    'an array with holes': new Array(2),
  };
}

function notJsonObjects(): Record<string, unknown> {
  return {
    null: null,
    undefined: undefined,
    'an array': [{ n: 1 }],
    'a string': '{"n":1}',
    'a number': 1,
    'a boolean': true,
    'a function': () => ({ n: 1 }),
    'a Date': new Date(0),
    'a cycle': cycle(),
    'a BigInt inside': { deep: [1n] },
    'a failing toJSON inside': { deep: failingToJson() },
    'objects nested 100,000 deep': nested(100_000, (inner) => ({ inner })),
    'arrays nested 100,000 deep': { list: nested(100_000, (inner) => [inner]) },
  };
}

function cycle(): Session {
  const session: Session = { list: [] };
  session.list.push({ session });
  return session;
}

function failingToJson(): Session {
  return {
    toJSON() {
      throw new Error('toJSON failed');
    },
  };
}
