import { type Promised, sharedStores } from './promised.ts';
import { sameJson } from './same-json.ts';

const PROCESSES = 3;
const UPDATES = 100;
const CREATIONS = 25;

export const processes: readonly Promised[] = [
  sharedStores(
    'updates of one session from three processes at once are each applied exactly once',
    async (trial) => {
      const store = await trial.open();
      await store.write('a', { n: 0 });
      const all = await trial.processes(PROCESSES);
      const ids = Array.from({ length: UPDATES }, () => 'a');
      const counts = (await Promise.all(all.map((each) => each.update(ids)))).flat();
      const last = counts.length;
      sameJson(await store.read('a'), { n: last }, `the count after ${last} updates that add 1`);
      const expected = counts.map((_, n) => n + 1);
      sameJson(counts.sort(byNumber), expected, 'the counts that the updates resolved with');
    },
  ),

  sharedStores(
    'updates from three processes at once that create a session are each applied exactly once',
    async (trial) => {
      const store = await trial.open();
      const all = await trial.processes(PROCESSES);
      const expected = all.map((_, n) => n + 1);
      // All wait for the slowest each time, and so meet again.
      for (let n = 0; n < CREATIONS; n++) {
        const id = `chat:${n}`;
        const counts = (await Promise.all(all.map((each) => each.update([id])))).flat();
        const last = { n: PROCESSES };
        sameJson(await store.read(id), last, `the count after ${PROCESSES} updates that add 1`);
        sameJson(counts.sort(byNumber), expected, 'the counts that the updates resolved with');
      }
    },
  ),

  sharedStores('a process ends once its store is closed', async (trial) => {
    for (const process of await trial.processes(1)) {
      await process.update(['a']);
      await process.leave();
    }
  }),
];

function byNumber(a: number | undefined, b: number | undefined): number {
  return Number(a) - Number(b);
}
