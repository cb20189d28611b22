import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import {
  isSoak,
  report,
  stopAtRandom,
  testWith,
  type Worker,
} from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { SqliteSessionStore } from '../../src/index.ts';
import { startWorker } from '../processes.ts';

const KILLS = isSoak ? 500 : 25;
const STOPS = isSoak ? 500 : 15;
const LONGEST = isSoak ? 900_000 : 90_000;

/** Kills the workers one after another while they work, each time with another in its place. */
async function killAgainAndAgain(start: (n: number) => Worker): Promise<Worker[]> {
  const running = [0, 1, 2].map(start);
  const all = [...running];
  for (let killed = 0; killed < KILLS; killed++) {
    // There is progress between two kills, and then it may strike at any moment.
    const before = linesOf(all).length;
    while (linesOf(all).length === before) await pause(5);
    await pause(Math.random() * 50);
    const n = killed % running.length;
    const victim = running[n] as Worker;
    await victim.ready;
    victim.child.kill('SIGKILL');
    await victim.ended;
    running[n] = start(all.length);
    all.push(running[n]);
  }
  await Promise.all(running.map(({ ready }) => ready));
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(all.map(({ ended }) => ended));
  return all;
}

function linesOf(workers: readonly Worker[]): string[] {
  return workers.flatMap(({ lines }) => lines);
}

for (const synchronous of ['FULL', 'NORMAL'] as const) {
  test(
    `of processes that are killed again and again none loses an increment, ${synchronous}`,
    async () => {
      const path = join(await temporaryFolder(), 'sessions.db');
      const options = { synchronous };
      const all = await killAgainAndAgain(() => startWorker('count', path, options, ['a']));
      const lines = linesOf(all);
      const known = lines.filter((line) => line === 'acknowledged').length;
      const uncertain = lines.filter((line) => line.includes('unknown')).length;
      const store = new SqliteSessionStore<{ n: number }>(path, options);
      const { n } = (await store.read('a')) ?? { n: 0 };
      expect(known).toBeGreaterThanOrEqual(KILLS);
      expect(n).toBeGreaterThanOrEqual(known);
      expect(n).toBeLessThanOrEqual(known + all.length + uncertain);
      await store.close();
      report(`${synchronous}: ${all.length} kills, ${known} increments acknowledged, ${n} applied`);
    },
    LONGEST,
  );
}

test(
  'every session that was acknowledged is there after the writers were killed',
  async () => {
    const path = join(await temporaryFolder(), 'sessions.db');
    const text = 'x'.repeat(2_000);
    const all = await killAgainAndAgain((n) => startWorker('fill', path, {}, [`w${n}`, text]));
    const ids = linesOf(all);
    const store = new SqliteSessionStore(path);
    const lost: string[] = [];
    for (const id of ids) {
      const session = await store.read(id);
      if (session?.n !== Number(id.split(':')[2]) || session?.text !== text) lost.push(id);
    }
    expect(lost).toEqual([]);
    let listed = 0;
    for await (const [, session] of store.entries()) {
      expect(session.text).toBe(text);
      listed++;
    }
    expect(listed).toBeGreaterThanOrEqual(ids.length);
    await store.close();
    report(`${all.length} kills, ${ids.length} sessions acknowledged, ${listed} there`);
  },
  LONGEST,
);

testWith(
  ['linux'],
  'processes that are stopped and continued at random lose no increment',
  async () => {
    const path = join(await temporaryFolder(), 'sessions.db');
    const options = { timeout: 400 };
    const workers = [0, 1, 2].map(() => startWorker('count', path, options, ['a']));
    await stopAtRandom(workers, STOPS, 600);
    const lines = linesOf(workers);
    const known = lines.filter((line) => line === 'acknowledged').length;
    const uncertain = lines.filter((line) => line.includes('unknown')).length;
    const store = new SqliteSessionStore<{ n: number }>(path);
    const { n } = (await store.read('a')) ?? { n: 0 };
    expect(known).toBeGreaterThan(STOPS);
    expect(n).toBeGreaterThanOrEqual(known);
    expect(n).toBeLessThanOrEqual(known + workers.length + uncertain);
    await store.close();
    const rejected = lines.length - known;
    report(`stopped ${STOPS} times: ${known} acknowledged, ${n} applied, ${rejected} rejected`);
  },
  LONGEST,
);
