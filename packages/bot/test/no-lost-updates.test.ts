import { expect, test } from '@jest/globals';
import { DriverStore, type FullSessionStore, isSessionError } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import fc from 'fast-check';
import { Bot } from '../src/index.ts';
import { type Fault, faults, SimulatedRemote } from './simulated-remote.ts';

// fast-check prints the seed and the order of what happened when one of these fails.

interface Counter {
  _state?: { count: number };
}

const ids = ['one', 'two', 'three'];

const increment = (session: Counter | null): Counter => ({
  ...session,
  _state: { count: (session?._state?.count ?? 0) + 1 },
});

/** An increment of one id through one of the stores, as an update or as a bot event. */
const increments = fc.array(
  fc.record({
    id: fc.constantFrom(...ids),
    store: fc.nat({ max: 2 }),
    by: fc.constantFrom('update' as const, 'event' as const),
  }),
  { minLength: 10, maxLength: 25 },
);
type Increment = typeof increments extends fc.Arbitrary<(infer T)[]> ? T : never;

interface Tally {
  acknowledged: number;
  refused: number;
  unknown: number;
}

/** Runs them all at once, and compares what is stored with what was acknowledged, id by id. */
async function race(
  stores: FullSessionStore<Counter>[],
  work: Increment[],
  scheduler: fc.Scheduler,
): Promise<Tally> {
  const think = () => scheduler.schedule(Promise.resolve(), 'thinks');
  const bots = stores.map((sessionStore) =>
    new Bot({ sessionStore, initialState: { count: 0 } }).onEvent(async (context) => {
      await think();
      context.setState(({ count }) => ({ count: count + 1 }));
      await think();
    }),
  );
  const run = async ({ id, store, by }: Increment) => {
    const which = store % stores.length;
    if (by === 'event') return bots[which]?.handle({ sessionId: id }, () => {});
    await stores[which]?.update(id, async (session) => {
      await think();
      return increment(session);
    });
  };
  const outcomes = await scheduler.waitFor(Promise.allSettled(work.map(run)));
  await scheduler.waitIdle(); // what travels late arrives now

  // No backend delays its entries, so this needs no scheduler.
  const counts: Record<string, number> = {};
  for await (const [id, session] of (stores[0] as FullSessionStore<Counter>).entries()) {
    counts[id] = session._state?.count ?? 0;
  }
  const total: Tally = { acknowledged: 0, refused: 0, unknown: 0 };
  for (const id of ids) {
    const tally: Tally = { acknowledged: 0, refused: 0, unknown: 0 };
    outcomes.forEach((outcome, i) => {
      if (work[i]?.id === id) tally[verdict(outcome)]++;
    });
    const count = counts[id] ?? 0;
    expect(count).toBeGreaterThanOrEqual(tally.acknowledged);
    expect(count).toBeLessThanOrEqual(tally.acknowledged + tally.unknown);
    for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
  }
  return total;
}

function verdict(outcome: PromiseSettledResult<unknown>): keyof Tally {
  if (outcome.status === 'fulfilled') return 'acknowledged';
  const { reason } = outcome;
  if (!isSessionError(reason, 'UNAVAILABLE')) throw reason;
  return reason.outcome === 'unknown' ? 'unknown' : 'refused';
}

test('on memory, every increment is there exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(increments, fc.scheduler(), async (work, scheduler) => {
      const tally = await race([new MemorySessionStore<Counter>()], work, scheduler);
      expect(tally).toEqual({ acknowledged: work.length, refused: 0, unknown: 0 });
    }),
    { numRuns: 200 },
  );
}, 60_000);

test('on a backend that delays, reorders, fails and repeats, exactly the acknowledged ones are', async () => {
  const total: Tally = { acknowledged: 0, refused: 0, unknown: 0 };
  await fc.assert(
    fc.asyncProperty(
      increments,
      fc.scheduler(),
      fc.infiniteStream(fc.constantFrom<Fault>(...faults)),
      async (work, scheduler, stream) => {
        const records = new Map<string, string>();
        const stores = Array.from(
          { length: 3 },
          () => new DriverStore<Counter>(new SimulatedRemote(records, scheduler, stream)),
        );
        const tally = await race(stores, work, scheduler);
        for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
      },
    ),
    { numRuns: 150 },
  );
  expect(total.acknowledged).toBeGreaterThan(1000);
  // Only when others wrote more often than a record remembers is nobody able to tell.
  expect(total.unknown).toBeLessThan(total.acknowledged / 50);
}, 120_000);
