import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { isSoak, report, stopAtRandom, testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../../src/index.ts';
import { acknowledged, rejected, startWorker } from '../processes.ts';

const FOREVER = 1e9;
const STOPS = isSoak ? 3000 : 60;
const NAMESPACE = ['unshare', '-pf', '--mount-proc', '--kill-child'];
const FOREIGN_PROC = ['unshare', '-pf', '--kill-child'];

interface Storm {
  readonly what: string;
  readonly kills: number;
  readonly within: readonly (readonly string[])[];
  readonly flush: boolean;
  readonly timeout: number;
}

/** Processes add to one session while one after the other is killed and another takes its place. */
async function storm({ what, kills, within, flush, timeout }: Storm): Promise<void> {
  const folder = await temporaryFolder();
  const start = (n: number) =>
    startWorker('count', folder, { flush, timeout }, ['a', FOREVER], {
      within: within[n % within.length] ?? [],
    });
  const all = [0, 1, 2, 3].map(start);
  const running = [...all];
  for (let killed = 0; killed < kills; killed++) {
    // There is progress between two kills, and then it may strike at any moment.
    const before = acknowledged(all);
    while (acknowledged(all) === before) await pause(5);
    await pause(Math.random() * 50);
    const n = killed % running.length;
    const victim = running[n];
    await victim?.ready;
    victim?.child.kill('SIGKILL');
    await victim?.ended;
    const next = start(n);
    running[n] = next;
    all.push(next);
  }
  await Promise.all(running.map(({ ready }) => ready));
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(all.map(({ ended }) => ended));

  const total = kills + running.length;
  const store = new FileSessionStore<{ n: number }>(folder);
  const { n } = (await store.read('a')) ?? { n: 0 };
  const known = acknowledged(all);
  const uncertain = rejected(all).filter((line) => line.includes('unknown')).length;
  expect(n).toBeGreaterThanOrEqual(known);
  expect(n).toBeLessThanOrEqual(known + total + uncertain);
  expect(known).toBeGreaterThanOrEqual(kills);
  await store.write('a', { n: 0 }); // nothing left behind is in the way
  await pause(timeout / 4);
  await new FileSessionStore(folder).init();
  expect(await readdir(join(folder, 'locks'))).toEqual(['reserve', 'source']);
  report(
    `${what}: ${total} kills, ${known} increments acknowledged, ${n} applied, ` +
      `${rejected(all).length} rejected; lost: 0`,
  );
}

testWith(
  [],
  'of four processes that are killed again and again none loses an increment',
  () =>
    storm({
      what: 'four processes',
      kills: isSoak ? 1000 : 40,
      within: [[]],
      flush: true,
      timeout: 5000,
    }),
  isSoak ? 900_000 : 60_000,
);

testWith(
  [],
  'the same without flushing',
  () =>
    storm({
      what: 'four processes without flushing',
      kills: isSoak ? 1000 : 20,
      within: [[]],
      flush: false,
      timeout: 5000,
    }),
  isSoak ? 900_000 : 60_000,
);

testWith(
  ['linux', 'root', 'unshare'],
  'the same in several pid namespaces, where each is process 1',
  () =>
    storm({
      what: 'four processes with pid 1, in four namespaces',
      kills: isSoak ? 200 : 12,
      within: [NAMESPACE, FOREIGN_PROC],
      flush: true,
      timeout: 2000,
    }),
  isSoak ? 900_000 : 60_000,
);

testWith(
  ['linux'],
  'four processes that are stopped and continued at random lose no increment',
  async () => {
    const folder = await temporaryFolder();
    const options = { timeout: 800 };
    const workers = [0, 1, 2, 3].map(() => startWorker('count', folder, options, ['a', FOREVER]));
    await stopAtRandom(workers, STOPS, 500); // its lease is 200
    const { n } = (await new FileSessionStore<{ n: number }>(folder).read('a')) ?? { n: 0 };
    const known = acknowledged(workers);
    const uncertain = rejected(workers).filter((line) => line.includes('unknown')).length;
    expect(known).toBeGreaterThan(0);
    expect(n).toBeGreaterThanOrEqual(known);
    expect(n).toBeLessThanOrEqual(known + workers.length + uncertain);
    report(
      `stopped ${STOPS} times: ${known} increments acknowledged, ${n} applied, ` +
        `${rejected(workers).length} rejected; lost: 0`,
    );
  },
  isSoak ? 900_000 : 90_000,
);
