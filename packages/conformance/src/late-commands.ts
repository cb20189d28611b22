import { setTimeout as pause } from 'node:timers/promises';
import type { FullSessionStore, Session } from '@sessions/core';
import { inTheEnd, openHasty, worksAgain } from './away.ts';
import { type Promised, sharedStores } from './promised.ts';
import { sameJson } from './same-json.ts';
import type { Trial } from './trial.ts';

// In which what comes late arrives.
const LATE = 250;

const IDS = ['a', 'b', 'c'];
const GIVEN_UP = 'a call that was given up';
const REFUSE = 'a command should carry its deadline, or the etag that it expects';

type Calls = () => Promise<unknown>[];

export const lateCommands: readonly Promised[] = [
  sharedStores('a write that was given up does not overwrite a later one', async (trial) => {
    const store = await openHasty(trial);
    // At once, so that a pool has a connection for each of the calls that follow.
    const write = (id: string) => inTheEnd('write', () => store.write(id, { old: true }));
    await Promise.all(IDS.map(write));
    await comesTooLate(trial, () => [
      store.write('a', { stale: true }),
      store.write('b', { stale: true }),
      store.destroy('c'),
    ]);
  }),

  sharedStores('an update that was given up does not overwrite a later write', async (trial) => {
    const store = await openHasty(trial);
    for (const id of IDS) await inTheEnd('write', () => store.write(id, { old: true }));
    await comesTooLate(
      trial,
      await updatesUnderWay(store, (id) => (id === 'c' ? null : { stale: true })),
    );
  }),

  sharedStores('a creation that was given up does not bring back what is gone', async (trial) => {
    const store = await openHasty(trial);
    const creations = await updatesUnderWay(store, () => ({ stale: true }));
    const { late, deliver, how } = await giveUp(trial, creations);
    for (const id of IDS) await late.write(id, { new: true });
    for (const id of IDS) await late.destroy(id);
    await deliver?.();
    await pause(LATE);
    for (const id of IDS) {
      sameJson(await late.read(id), null, `a session destroyed after ${GIVEN_UP}${how}`);
    }
  }),
];

/** Updates of all ids that have read, so that all they have left to do is write what is given. */
async function updatesUnderWay(
  store: FullSessionStore,
  change: (id: string) => Session | null,
): Promise<Calls> {
  let go = () => {};
  const isAway = new Promise<void>((resolve) => {
    go = resolve;
  });
  const updates: Promise<unknown>[] = [];
  const changing = IDS.map(
    (id) =>
      new Promise<void>((resolve, reject) => {
        const update = store.update(id, async () => {
          resolve();
          await isAway;
          return change(id);
        });
        update.catch(reject);
        updates.push(update);
      }),
  );
  await Promise.all(changing);
  return () => {
    go();
    return updates;
  };
}

/** Makes these calls while the backend is away, and then opens a new store. */
async function giveUp(
  trial: Trial,
  calls: Calls,
): Promise<{ late: FullSessionStore; deliver?: () => void | Promise<void>; how: string }> {
  const { restore, deliver } = await trial.interrupt();
  try {
    await Promise.allSettled(calls());
  } finally {
    await restore();
  }
  // The connections of the first one wait for what is held back.
  const late = await trial.openUninitialised();
  await worksAgain(late);
  if (!deliver) return { late, how: '' };
  return { late, deliver, how: `, which the backend received after that: ${REFUSE}` };
}

/**
 * Fails if these calls, which change `a`, `b` and `c` and are given up while the backend is away,
 * change anything later, when others have written `a` and `c`, and destroyed `b`.
 */
async function comesTooLate(trial: Trial, calls: Calls): Promise<void> {
  const { late, deliver, how } = await giveUp(trial, calls);

  // Where nothing is held back, a call may have come through in time and only its answer got lost.
  const before = deliver ? { old: true } : undefined;
  const found = await Promise.all(IDS.map(async (id) => before ?? (await late.read(id))));
  await pause(LATE);
  for (const [n, id] of IDS.entries()) {
    sameJson(
      await late.read(id),
      found[n],
      `a session since the backend is back, changed by ${GIVEN_UP} before`,
    );
  }

  await late.write('a', { new: true });
  await late.destroy('b');
  await late.write('c', { new: true });
  await deliver?.();
  await pause(LATE);
  sameJson(await late.read('a'), { new: true }, `a session written after ${GIVEN_UP}${how}`);
  sameJson(await late.read('b'), null, `a session destroyed after ${GIVEN_UP}${how}`);
  sameJson(await late.read('c'), { new: true }, `a session written after ${GIVEN_UP}${how}`);
}
