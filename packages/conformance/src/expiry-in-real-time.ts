import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { FullSessionStore, ListOptions, Session } from '@sessions/core';
import { MINUTE } from './clock.ts';
import { gathered } from './operations.ts';
import { fullStores, type Promised } from './promised.ts';
import { sameJson } from './same-json.ts';

const MILLISECOND = 1 / MINUTE;
// So that a store that goes on trying is found out soon.
const TIMEOUT = 3000;

export const expiryInRealTime: readonly Promised[] = [
  // A backend may have removed it by then, or not: no call must find the one, and another the other.
  fullStores('what has expired by the real time is as if it had never been', async (trial) => {
    const brief = await trial.open({ expiresIn: MILLISECOND, timeout: TIMEOUT });
    const ids = ['update', 'write', 'touch', 'destroy'];
    for (const id of ids) await brief.write(id, { old: true });
    for (const id of ids) await isGone(brief, id);

    const store = trial.isShared ? await trial.open({ timeout: TIMEOUT }) : brief;
    sameJson(await store.touch('touch'), false, 'what touch of an expired session answers');
    let given: Session | null | undefined;
    const updated = await store.update('update', (session) => {
      given = session;
      return { new: true };
    });
    sameJson(given, null, 'what update gives for an expired session');
    sameJson(updated, { new: true }, 'what update of an expired session resolves with');
    await store.write('write', { new: true });
    await store.destroy('destroy');
    if (!trial.isShared) return; // what was written has expired, too
    const found = await Promise.all(ids.map((id) => store.read(id)));
    sameJson(found, [{ new: true }, { new: true }, null, null], `the sessions ${ids} after that`);
  }),

  fullStores('no listing gives what has expired by the real time', async (trial) => {
    const store = await trial.open({ timeout: TIMEOUT });
    const brief = { expiresIn: MILLISECOND };
    for (const id of ['a:1', 'a:2', 'b']) await store.write(id, { old: true }, brief);
    for (const id of ['a:1', 'a:2', 'b']) await isGone(store, id);
    await store.write('a:3', { new: true });
    for (const options of [undefined, { prefix: 'a:' }]) {
      const ids = await idsOnceGone(store, options);
      const entries = await gathered(store.entries(options));
      const versions = await gathered(store.versions(options));
      sameJson(ids, ['a:3'], 'the ids where all others have expired');
      for (const found of [entries, versions]) {
        const given = found.map(([id]) => id);
        sameJson(given, ['a:3'], 'the ids from a listing where all others have expired');
      }
    }
  }),
];

/** A backend that hides what has expired starts a lifetime when the write arrives, a moment later. */
async function idsOnceGone(store: FullSessionStore, options?: ListOptions): Promise<string[]> {
  const end = performance.now() + TIMEOUT;
  for (;;) {
    const ids = await gathered(store.ids(options));
    if (ids.length <= 1 || performance.now() > end) return ids;
    await pause(1);
  }
}

async function isGone(store: FullSessionStore, id: string): Promise<void> {
  const end = performance.now() + TIMEOUT;
  while ((await store.read(id)) !== null) {
    const isLate = performance.now() > end;
    assert.ok(!isLate, `a session of one millisecond was still read ${TIMEOUT} later`);
    await pause(1);
  }
}
