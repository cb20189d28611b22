import assert from 'node:assert/strict';
import type { FullSessionStore } from '@sessions/core';
import { listed, operations } from './operations.ts';
import { everyStore, fullStores, type Promised, sharedStores } from './promised.ts';
import { because, rejectsAs } from './rejection.ts';
import { sameJson } from './same-json.ts';

export const lifeCycle: readonly Promised[] = [
  everyStore('init resolves with the store, and may be called twice and at once', async (trial) => {
    const store = await trial.openUninitialised();
    const atOnce = await Promise.all([store.init(), store.init()]);
    await store.write('a', { n: 1 });
    const results = [...atOnce, await store.init()];
    assert.ok(
      results.every((result) => result === store),
      'init should resolve with the store itself',
    );
    sameJson(await store.read('a'), { n: 1 }, 'a session after another init');
  }),

  sharedStores('several stores may open an empty backend at once', async (trial) => {
    const stores: FullSessionStore[] = [];
    for (let n = 0; n < 4; n++) stores.push(await trial.openUninitialised());
    await Promise.all(stores.map((store) => store.init()));
    await Promise.all(stores.map((store, n) => store.write(`${n}`, { n })));
    const expected = stores.map((_, n) => [`${n}`, { n }]);
    for (const store of stores) {
      const found = (await listed(store)).sort(([a], [b]) => (a < b ? -1 : 1));
      sameJson(found, expected, 'what each of four stores has written');
    }
  }),

  fullStores('the first operation initialises the store', async (trial) => {
    for (const [name, operation] of Object.entries(operations)) {
      const store = await trial.openUninitialised();
      await operation(store, name).catch((error: unknown) => {
        throw because(error, `${name} should work without init; it rejected with ${error}`);
      });
    }
  }),

  fullStores('after close every operation rejects as CLOSED', async (trial) => {
    const used = await trial.open();
    const unused = await trial.openUninitialised();
    await used.write('a', { n: 1 });
    await used.close();
    await unused.close();
    for (const [name, operation] of Object.entries(operations)) {
      await rejectsAs('CLOSED', `${name} after close`, () => operation(used, 'a'));
      await rejectsAs('CLOSED', `${name} after close without init`, () => operation(unused, 'a'));
    }
    await rejectsAs('CLOSED', 'init after close', () => used.init());
    await rejectsAs('CLOSED', 'init after close without init', () => unused.init());
  }),

  fullStores('close may be called twice and at once', async (trial) => {
    const store = await trial.open();
    await store.write('a', { n: 1 });
    await Promise.all([store.close(), store.close()]);
    await store.close();
  }),

  fullStores('leaving a block closes a store declared with `await using`', async (trial) => {
    const store = await trial.open();
    await store[Symbol.asyncDispose]();
    await rejectsAs('CLOSED', 'read after [Symbol.asyncDispose]', () => store.read('a'));
  }),

  fullStores('close lets the writes under way finish', async (trial) => {
    const store = await trial.open();
    const ids = ['a', 'b', 'c'];
    const writing = Promise.all(ids.map((id) => store.write(id, { id })));
    await Promise.all([writing, store.close()]);
    if (trial.capabilities?.survives === 'nothing') return;
    const found = (await listed(await trial.open())).map(([id]) => id);
    sameJson(found.sort(), ids, 'the sessions whose writes were under way at close');
  }),
];
