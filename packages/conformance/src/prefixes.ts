import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { FullSessionStore, ListOptions } from '@sessions/core';
import { MINUTE } from './clock.ts';
import { gathered, listed } from './operations.ts';
import { fullStores, type Promised } from './promised.ts';
import { rejection } from './rejection.ts';
import { sameJson } from './same-json.ts';

// What some backend takes for a pattern, for its own, or for the same as another.
const IDS = [
  ...['a', 'a:', 'a:1', 'a:2', 'a:12', 'a::', 'ab', 'A', 'A:1', 'b', 'b:a:1', ' a:1'],
  ...['*', '*:1', '**', '?1', '[', '[a]:1', '[^b]', '^a', '{a}', '\\', '\\*', '$', '(a|b)', '+'],
  ...['%', '%25', '%x', '_', '_1', '.', '..', '.a', '../a', '/', '/a', "'", '"', '-1', ','],
  ...['__proto__', '__proto__:1', 'constructor', '$ne', 'é:1', 'e\u0301:1', 'É:1', 'ß', 'SS'],
  ...['\uff01', '\uff01😀'],
  ...['😀', '😀:1', '😁', 'a:😀', 'a:\uffff', 'a:\u{10ffff}', '\uffff', '\u{10ffff}', 'a:\0', '\0'],
].sort();
const PREFIXES = [
  ...[
    '',
    'a',
    'a:',
    'a:1',
    'A',
    'a:12',
    'none',
    '*',
    '[',
    '[a',
    '?',
    '^',
    '{',
    '\\',
    '$',
    '(',
    '+',
  ],
  ...['%', '_', '.', '..', '/', "'", '__proto__', 'é', 'e', 'É', 'ß', 's', '😀', '\0', ' '],
  ...['\uff01', '\u{10ffff}', 'x'.repeat(2000)],
];

// More than one page of any backend's listing.
const MANY = Array.from({ length: 250 }, (_, n) => `a:${String(n).padStart(3, '0')}`);

async function writeAll(store: FullSessionStore, ids: readonly string[]): Promise<void> {
  for (let n = 0; n < ids.length; n += 50) {
    await Promise.all(ids.slice(n, n + 50).map((id) => store.write(id, { id })));
  }
}

type Listing = (store: FullSessionStore, options?: ListOptions) => AsyncIterable<unknown>;

const LISTINGS: Readonly<Record<string, Listing>> = {
  entries: (store, options) => store.entries(options),
  versions: (store, options) => store.versions(options),
  ids: (store, options) => store.ids(options),
  async *all(store, options) {
    for (const { id } of await store.all(options)) yield id; // as `writeAll` has them
  },
};

/** The ids that a listing gives, in order. */
async function idsOf(
  listing: Listing | undefined,
  store: FullSessionStore,
  options?: ListOptions,
): Promise<string[]> {
  const given = listing ? await gathered(listing(store, options)) : [];
  return given.map((each) => (Array.isArray(each) ? each[0] : each)).sort();
}

export const prefixes: readonly Promised[] = [
  fullStores('a listing with a prefix gives exactly the ids that begin so', async (trial) => {
    const store = await trial.open();
    await writeAll(store, IDS);
    for (const prefix of PREFIXES) {
      const expected = IDS.filter((id) => id.startsWith(prefix));
      for (const [name, listing] of Object.entries(LISTINGS)) {
        const what = `the ids from ${name} with the prefix ${JSON.stringify(prefix).slice(0, 20)}`;
        sameJson(await idsOf(listing, store, { prefix }), expected, what);
      }
    }
    for (const [id, session] of await listed(store, { prefix: 'a:' })) {
      sameJson(session, { id }, 'the session that entries gave with an id that begins with a:');
    }
  }),

  fullStores('ids and versions give every session once', async (trial) => {
    const store = await trial.open();
    for (const name of ['ids', 'versions']) {
      sameJson(await idsOf(LISTINGS[name], store), [], `the ids from ${name} of an empty store`);
    }
    await writeAll(store, MANY);
    await writeAll(store, ['b', ...MANY.slice(0, 50)]);
    for (const name of ['ids', 'versions']) {
      sameJson(await idsOf(LISTINGS[name], store), [...MANY, 'b'], `the ids from ${name}`);
      const begun = await idsOf(LISTINGS[name], store, { prefix: 'a' });
      sameJson(begun, MANY, `the ids from ${name} that begin with a`);
    }
  }),

  fullStores('clear with a prefix destroys those that begin so, and counts them', async (trial) => {
    const store = await trial.open();
    let missing = IDS;
    for (const prefix of PREFIXES) {
      if (prefix === '') continue;
      await writeAll(store, missing);
      const what = JSON.stringify(prefix).slice(0, 20);
      const left = IDS.filter((id) => !id.startsWith(prefix));
      const cleared = await store.clear({ prefix });
      sameJson(cleared, IDS.length - left.length, `what clear of ${what} counts`);
      sameJson(await idsOf(LISTINGS.entries, store), left, `what is left after clear of ${what}`);
      missing = IDS.filter((id) => id.startsWith(prefix));
    }
  }),

  fullStores('clear without a prefix destroys all, and counts them', async (trial) => {
    const store = await trial.open();
    sameJson(await store.clear(), 0, 'what clear of an empty store counts');
    await writeAll(store, MANY);
    sameJson(await store.clear(), MANY.length, 'what clear counts');
    sameJson(await idsOf(LISTINGS.entries, store), [], 'the ids from entries after clear');
    sameJson(await store.read('a:000'), null, 'read of a session that was cleared');
    sameJson(await store.clear(), 0, 'what clear counts right after clear');
    await writeAll(store, MANY.slice(0, 3));
    sameJson(await store.clear({ prefix: '' }), 3, 'what clear of the empty prefix counts');
  }),

  fullStores('clear counts nothing that has expired', async (trial) => {
    const { clock } = trial;
    const store = await trial.open({ expiresIn: 60, now: clock.now });
    await writeAll(store, ['a:1', 'a:2', 'b']);
    clock.time += 30 * MINUTE;
    await store.write('a:3', { id: 'a:3' });
    clock.time += 30 * MINUTE;
    for (const name of ['entries', 'versions']) {
      const found = await idsOf(LISTINGS[name], store, { prefix: 'a:' });
      sameJson(found, ['a:3'], `the ids from ${name} when two of three have expired`);
    }
    sameJson(await store.clear({ prefix: 'a:' }), 1, 'what clear counts, two of three expired');
    sameJson(await store.clear(), 0, 'what clear counts where all has expired');
  }),

  fullStores('a listing or clear stops with the reason of its signal', async (trial) => {
    const store = await trial.open();
    await writeAll(store, MANY.slice(0, 20));
    const reason = new Error('the bot is going down');
    for (const name of ['versions', 'ids']) {
      const stopped = new AbortController();
      let given = 0;
      for (const _ of ['half way', 'at once']) {
        const error = await rejection(`${name} should reject when its signal aborts`, async () => {
          for await (const _ of LISTINGS[name]?.(store, { signal: stopped.signal }) ?? []) {
            given++;
            stopped.abort(reason);
          }
        });
        assert.ok(error === reason, `${name} should reject with the signal's reason, not ${error}`);
        sameJson(given, 1, `what ${name} gave, the signal aborted after the first`);
      }
    }
    const error = await rejection('clear should reject when its signal has aborted', () =>
      store.clear({ signal: AbortSignal.abort(reason) }),
    );
    assert.ok(error === reason, `clear should reject with the signal's reason, not ${error}`);
    const left = (await listed(store)).length;
    sameJson(left, 20, 'sessions after a clear whose signal had aborted');
  }),

  fullStores('a wrong prefix, or option, lists and clears nothing', async (trial) => {
    const store = await trial.open();
    await writeAll(store, ['a:1', 'b']);
    const wrong = [42, null, undefined, /a/, '\ud83d'].map((prefix) => ({ prefix }));
    for (const options of [...wrong, { prefx: 'a:' }] as object[]) {
      const shown = inspect(options);
      for (const [name, listing] of Object.entries(LISTINGS)) {
        const listingWrong = async () => gathered(listing(store, options));
        const error = await rejection(`${name} with ${shown} should reject`, listingWrong);
        sameJson((error as Error).name, 'TypeError', `the error of ${name} with ${shown}`);
      }
      const clearing = () => store.clear(options);
      const error = await rejection(`clear with ${shown} should reject`, clearing);
      sameJson((error as Error).name, 'TypeError', `the error of clear with ${shown}`);
      const left = await idsOf(LISTINGS.entries, store);
      sameJson(left, ['a:1', 'b'], `the sessions after clear with ${shown}`);
    }
  }),
];
