import { KEEP } from '@sessions/core';
import { MINUTE } from './clock.ts';
import { listed } from './operations.ts';
import { fullStores, type Promised } from './promised.ts';
import { sameJson } from './same-json.ts';

export const keeping: readonly Promised[] = [
  fullStores('update to KEEP leaves the session, its version and its lifetime', async (trial) => {
    const { clock } = trial;
    const store = await trial.open({ expiresIn: 60, now: clock.now });
    await store.write('a', { n: 1 });
    const before = await store.readVersion('a');
    clock.time += 10 * MINUTE;
    const kept = await store.update('a', (session) => {
      if (session) session.n = 2;
      return KEEP;
    });
    sameJson(kept, { n: 1 }, 'what update to KEEP resolves with');
    sameJson(await store.readVersion('a'), before, 'the session after update to KEEP');
    const late = await store.update('a', async () => KEEP, { expiresIn: 90 });
    sameJson(late, { n: 1 }, 'what update to a promise of KEEP resolves with');
    sameJson(await store.readVersion('a'), before, 'the session after update to KEEP for 90');
    clock.time += 50 * MINUTE - 1;
    sameJson(await store.read('a'), { n: 1 }, 'a session of 60 minutes, 1 ms before its end');
    clock.time += 1;
    sameJson(await store.read('a'), null, 'a session of 60 minutes, 60 after its last write');
  }),

  fullStores(
    'update of an absent session to KEEP resolves with null and creates nothing',
    async (trial) => {
      const { clock } = trial;
      const store = await trial.open({ expiresIn: 60, now: clock.now });
      await store.write('expired', { n: 1 });
      clock.time += 60 * MINUTE;
      await store.write('destroyed', { n: 1 });
      await store.destroy('destroyed');
      for (const id of ['absent', 'destroyed', 'expired']) {
        sameJson(await store.update(id, () => KEEP), null, `update of one ${id} to KEEP`);
        sameJson(await store.read(id), null, `read of one ${id} after update to KEEP`);
      }
      sameJson(await listed(store), [], 'entries after updates to KEEP');
    },
  ),
];
