import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { FullSessionStore, Session } from '@sessions/core';
import { fullStores, type Promised, sharedStores } from './promised.ts';
import { rejection } from './rejection.ts';
import { sameJson } from './same-json.ts';

export const updates: readonly Promised[] = [
  fullStores('updates of one session at once are each applied exactly once', async (trial) => {
    const store = await trial.open();
    await store.write('a', { n: 0 });
    await eachIsApplied(Array.from({ length: 30 }, () => store));
  }),

  fullStores(
    'updates that create one session at once are each applied exactly once',
    async (trial) => {
      const [one, two] = await trial.openTwo();
      await eachIsApplied(Array.from({ length: 10 }, (_, n) => (n % 2 ? one : two)));
    },
  ),

  sharedStores(
    'updates of one session from two stores at once are each applied exactly once',
    async (trial) => {
      const [one, two] = await trial.openTwo();
      await one.write('a', { n: 0 });
      await eachIsApplied(Array.from({ length: 30 }, (_, n) => (n % 2 ? one : two)));
    },
  ),

  fullStores('of two updates at once that take and destroy, one finds nothing', async (trial) => {
    const [one, two] = await trial.openTwo();
    for (let round = 0; round < 20; round++) {
      await one.write('a', { token: round });
      const found = await Promise.all(
        [one, two].map(async (store) => {
          let last: unknown;
          await store.update('a', (session) => {
            last = session;
            return null;
          });
          return last;
        }),
      );
      const takers = found.filter((session) => session !== null);
      sameJson(takers, [{ token: round }], 'what two updates have taken and destroyed at once');
    }
  }),

  fullStores('a touch at once with an update does not undo it', async (trial) => {
    const [one, two] = await trial.openTwo();
    await one.write('a', { n: 0 });
    const add = () => one.update('a', (session) => ({ n: session?.n + 1 }));
    const touch = () => two.touch('a');
    for (let round = 1; round <= 20; round++) {
      const calls = round % 2 ? [add, touch] : [touch, add];
      await Promise.all(calls.map((call) => call()));
      sameJson(await one.read('a'), { n: round }, `the count after ${round} updates that add 1`);
    }
  }),

  fullStores('a long concurrent history has no forks', async (trial) => {
    const stores = await trial.openTwo();
    const acknowledged: string[] = [];
    const work = async (store: FullSessionStore, worker: number) => {
      for (let round = 0; round < 10; round++) {
        const name = `${worker}.${round}`;
        let seen: string[] = [];
        const session = await store.update('a', async (before) => {
          await pause(Math.random() * 3); // so that one store reads while another writes
          seen = before?.names ?? [];
          return { names: [...seen, name] };
        });
        sameJson(session, { names: [...seen, name] }, 'what an update that saw this made of it');
        acknowledged.push(name);
      }
    };
    await Promise.all([...stores, ...stores].map(work));
    const names: string[] = (await stores[0].read('a'))?.names ?? [];
    sameJson(
      [...names].sort(),
      acknowledged.sort(),
      'the names that acknowledged updates appended',
    );
    for (const worker of ['0', '1', '2', '3']) {
      const own = names.filter((name) => name.startsWith(worker));
      sameJson(own, [...own].sort(), `the names that worker ${worker} appended one after another`);
    }
  }),

  fullStores('update gives null for an absent session', async (trial) => {
    const store = await trial.open();
    let given: Session | null | undefined;
    await store.update('a', (session) => {
      given = session;
      return { n: 1 };
    });
    assert.ok(given === null, `update should give null for an absent session`);
    sameJson(await store.read('a'), { n: 1 }, 'the session that update created');
  }),

  fullStores('update resolves with what it stored', async (trial) => {
    const store = await trial.open();
    await store.write('a', { n: 1, old: true });
    const stored = await store.update('a', async (session) => ({
      n: session?.n + 1,
      at: new Date(0),
    }));
    sameJson(stored, { n: 2, at: '1970-01-01T00:00:00.000Z' }, 'what update resolved with');
    sameJson(await store.read('a'), stored, 'the session after update');
  }),

  fullStores('a change that returns null destroys the session', async (trial) => {
    const store = await trial.open();
    await store.write('a', { n: 1 });
    sameJson(await store.update('a', () => null), null, 'what update to null resolves with');
    sameJson(await store.read('a'), null, 'the session after update to null');
    sameJson(await store.update('b', async () => null), null, 'update of an absent one to null');
    sameJson(await store.all(), [], 'all() after updates to null');
  }),

  fullStores(
    'a change that returns undefined rejects with a TypeError and changes nothing',
    async (trial) => {
      const store = await trial.open();
      await store.write('a', { n: 1 });
      for (const id of ['a', 'absent']) {
        const error = await rejection('a change that returns undefined should reject', () =>
          store.update(id, () => undefined as unknown as null),
        );
        sameJson((error as Error).name, 'TypeError', `the error is ${error}`);
      }
      sameJson(await store.all(), [{ n: 1 }], 'all() after changes that returned undefined');
    },
  ),

  fullStores(
    'a change that throws rejects with that very error and changes nothing',
    async (trial) => {
      const store = await trial.open();
      await store.write('a', { n: 1 });
      const thrown = new Error('the change failed');
      const changes = {
        throws: () => {
          throw thrown;
        },
        rejects: () => Promise.reject(thrown),
      };
      for (const [how, change] of Object.entries(changes)) {
        for (const id of ['a', 'absent']) {
          const error = await rejection(`update should reject when its change ${how}`, () =>
            store.update(id, change),
          );
          assert.ok(
            error === thrown,
            `update should reject with what its change threw, not ${error}`,
          );
        }
      }
      sameJson(await store.all(), [{ n: 1 }], 'all() after changes that threw');
      sameJson(await store.update('a', (session) => session), { n: 1 }, 'the next update');
    },
  ),
];

/** Counts `n` up once with each of these stores, at once. */
async function eachIsApplied(stores: readonly FullSessionStore[]): Promise<void> {
  const counts = await Promise.all(
    stores.map(async (store) => {
      const session = await store.update('a', (before) => ({ n: (before?.n ?? 0) + 1 }));
      return session?.n;
    }),
  );
  const expected = stores.map((_, i) => i + 1);
  const last = await stores[0]?.read('a');
  sameJson(last, { n: stores.length }, `the count after ${stores.length} updates that add 1`);
  sameJson(
    counts.sort((a, b) => a - b),
    expected,
    'the counts that the updates resolved with',
  );
}
