import assert from 'node:assert/strict';
import type { SessionStore } from '@sessions/core';
import { listed } from './operations.ts';
import { everyStore, fullStores, type Promised } from './promised.ts';
import { rejection } from './rejection.ts';
import { sameJson } from './same-json.ts';

// More than one page of any backend's listing.
const MANY = Array.from({ length: 250 }, (_, n) => `chat:${String(n).padStart(3, '0')}`);
const STAYING = new Set(MANY.filter((_, n) => n % 2 === 0));

async function writeAll(store: SessionStore, ids: readonly string[]): Promise<void> {
  for (let n = 0; n < ids.length; n += 50) {
    await Promise.all(ids.slice(n, n + 50).map((id) => store.write(id, { id })));
  }
}

export const listing: readonly Promised[] = [
  everyStore('all() gives every session once', async (trial) => {
    const store = await trial.open();
    sameJson(await store.all(), [], 'all() of an empty store');
    await writeAll(store, MANY);
    await writeAll(store, MANY.slice(0, 50));
    const found = (await store.all()).map(({ id }) => id);
    sameJson(found.sort(), MANY, 'the sessions in all()');
  }),

  fullStores('entries gives every session once, with its id', async (trial) => {
    const store = await trial.open();
    sameJson(await listed(store), [], 'entries of an empty store');
    await writeAll(store, MANY);
    await writeAll(store, MANY.slice(0, 50));
    const expected = MANY.map((id) => [id, { id }]);
    sameJson((await listed(store)).sort(byId), expected, 'what entries gave');
  }),

  fullStores('entries gives what stays once, while other sessions come and go', async (trial) => {
    const store = await trial.open();
    await writeAll(store, MANY);
    const found: string[] = [];
    for await (const [id] of store.entries()) {
      if (STAYING.has(id)) found.push(id);
      const n = found.length;
      if (n % 10 !== 0) continue;
      await store.write(`new:${n}`, { n });
      await store.destroy(MANY[2 * n + 1] ?? 'none');
    }
    sameJson(found.sort(), [...STAYING], 'the sessions that nobody destroyed');
  }),

  fullStores('entries ends, each session once, while what it gives is written', async (trial) => {
    const store = await trial.open();
    await writeAll(store, MANY);
    const found: string[] = [];
    for await (const [id, session] of store.entries()) {
      found.push(id);
      assert.ok(
        found.length <= MANY.length,
        `of ${MANY.length} sessions, entries gave ${id} again`,
      );
      await store.write(id, session);
    }
    sameJson(found.sort(), MANY, 'the ids from entries, each written as soon as it was given');
  }),

  fullStores('entries may be left half way', async (trial) => {
    const store = await trial.open();
    await writeAll(store, MANY);
    // More often than any store has connections.
    for (let n = 0; n < 30; n++) {
      let left = 1 + (n % 2);
      for await (const [id] of store.entries()) {
        await store.write(id, { id, seen: n });
        if (--left === 0) break;
      }
    }
    await store.update('chat:000', (session) => ({ ...session, updated: true }));
    await store.destroy('chat:001');
    sameJson((await store.read('chat:000'))?.updated, true, 'a session updated after that');
    const found = (await listed(store)).map(([id]) => id);
    const expected = MANY.filter((id) => id !== 'chat:001');
    sameJson(found.sort(), expected, 'the ids from entries after leaving it half way');
  }),

  fullStores('entries at once each give every session once', async (trial) => {
    const store = await trial.open();
    await writeAll(store, MANY);
    const listings = [store.entries(), store.entries()].map((entries) => ({
      steps: entries[Symbol.asyncIterator](),
      found: [] as string[],
      isDone: false,
    }));
    while (listings.some(({ isDone }) => !isDone)) {
      for (const listing of listings) {
        if (listing.isDone) continue;
        const { done, value } = await listing.steps.next();
        if (done) listing.isDone = true;
        else listing.found.push(value[0]);
      }
    }
    for (const { found } of listings) {
      sameJson(found.sort(), MANY, 'the ids from one of two entries that take turns');
    }
  }),

  fullStores('entries stops with the reason of its signal', async (trial) => {
    const store = await trial.open();
    await writeAll(store, MANY.slice(0, 20));
    const reason = new Error('the bot is going down');
    const stopped = new AbortController();
    let given = 0;
    const error = await rejection('entries should reject when its signal aborts', async () => {
      for await (const _ of store.entries({ signal: stopped.signal })) {
        given++;
        stopped.abort(reason);
      }
    });
    assert.ok(error === reason, `entries should reject with the signal's reason, not ${error}`);
    sameJson(given, 1, 'sessions given, when the signal aborted after the first');
    const late = await rejection('entries should reject when its signal has aborted', async () => {
      for await (const _ of store.entries({ signal: stopped.signal })) given++;
    });
    assert.ok(late === reason, `entries should reject with the signal's reason, not ${late}`);
    sameJson(given, 1, 'sessions given, in all, after the signal had aborted');
  }),

  fullStores('prune stops with the reason of its signal', async (trial) => {
    const store = await trial.open();
    await writeAll(store, MANY.slice(0, 2));
    const reason = new Error('the bot is going down');
    const error = await rejection('prune should reject when its signal has aborted', () =>
      store.prune({ signal: AbortSignal.abort(reason) }),
    );
    assert.ok(error === reason, `prune should reject with the signal's reason, not ${error}`);
  }),
];

function byId([a]: [string, object], [b]: [string, object]): number {
  return a < b ? -1 : 1;
}
