import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Conversations, DriverStore, type Exclusive, type SessionRecord } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { MapDriver } from '../../core/test/map-driver.ts';
import { type Lease, type LeaseOptions, withLease } from '../src/index.ts';

// Time here passes when a test says so, for the timers and every clock.
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);
const never = () => new Promise<never>(() => {});
const ID = 'telegram:42';
const TTL = 10_000;

/** A run that has begun, and ends when it is told to. */
async function begin(store: DriverStore, options?: LeaseOptions) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let lease: Lease | undefined;
  const done = withLease(
    store,
    ID,
    async (given) => {
      lease = given;
      await ended;
      return 'result';
    },
    options,
  );
  await pass(0);
  if (!lease) throw new Error('it did not begin');
  return { lease, end, done };
}

/** A run that has not begun yet. What becomes of it is in `state`. */
function want(store: DriverStore, options?: LeaseOptions) {
  const wanted = { state: 'waits', error: undefined as unknown, at: 0 };
  const settle = (state: string) => (error?: unknown) => {
    Object.assign(wanted, { state, error, at: performance.now() });
  };
  withLease(store, ID, settle('ran'), options).catch(settle('rejected'));
  return wanted;
}

const conflict = expect.objectContaining({ code: 'CONFLICT', outcome: 'not-applied' });

/** Two stores on one backend, as two processes have them. */
function twoStores(skew = 0): [DriverStore, DriverStore] {
  const records = new Map<string, string>();
  const late = { now: () => Date.now() + skew };
  return [new DriverStore(new MapDriver(records)), new DriverStore(new MapDriver(records), late)];
}

/** A backend that takes its time for each read. */
class SlowDriver extends MapDriver {
  delay = 0;
  reads = 0;

  override async get(id: string): Promise<SessionRecord | null> {
    this.reads++;
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    return this.peek(id);
  }
}

describe('a run', () => {
  test('passes its result and its error through', async () => {
    const store = new MemorySessionStore();
    expect(await withLease(store, ID, async ({ id }) => `ran for ${id}`)).toBe(`ran for ${ID}`);
    const error = new Error('mine');
    const failing = () => {
      throw error;
    };
    await expect(withLease(store, ID, failing)).rejects.toBe(error);
    expect(await withLease(store, ID, () => 'free again', { wait: 0 })).toBe('free again');
  });

  test('leaves its fence for ttl, then nothing, and no timer', async () => {
    const store = new MemorySessionStore();
    const { lease, end, done } = await begin(store);
    expect(await store.read(ID)).toEqual({ token: expect.any(String), fence: lease.fence });
    end();
    await done;
    expect(await store.read(ID)).toEqual({ fence: lease.fence });
    await pass(TTL - 1);
    expect(await store.read(ID)).not.toBeNull();
    await pass(1);
    expect(await store.read(ID)).toBeNull();
    expect(jest.getTimerCount()).toBe(0);
  });

  test('keeps the lease for as long as it takes', async () => {
    const [one, other] = twoStores();
    const { lease, end, done } = await begin(one);
    const wanted = want(other, { wait: Infinity });
    await pass(10 * TTL);
    expect(wanted.state).toBe('waits');
    expect(lease.signal.aborted).toBe(false);
    end();
    expect(await done).toBe('result');
    await pass(100);
    expect(wanted.state).toBe('ran');
  });

  test('hears when the signal of the caller aborts, and keeps the lease until it ends', async () => {
    const [one, other] = twoStores();
    const caller = new AbortController();
    const { lease, end, done } = await begin(one, { signal: caller.signal });
    const wanted = want(other, { wait: Infinity });
    caller.abort('enough');
    expect(lease.signal.reason).toBe('enough');
    await pass(3 * TTL);
    expect(wanted.state).toBe('waits');
    end();
    expect(await done).toBe('result');
    await pass(100);
    expect(wanted.state).toBe('ran');
  });

  test('that is over no longer aborts', async () => {
    const driver = new SlowDriver();
    const caller = new AbortController();
    const { signal } = caller;
    const { lease, end, done } = await begin(new DriverStore(driver), { signal });
    driver.delay = 100;
    await pass(TTL / 4); // the heartbeat is under way
    driver.records.clear();
    end();
    await pass(200);
    await done;
    caller.abort();
    await pass(2 * TTL);
    expect(lease.signal.aborted).toBe(false);
  });

  test('passes its result through when the lease cannot be given back', async () => {
    const store = new MemorySessionStore();
    const { end, done } = await begin(store);
    await store.close();
    end();
    expect(await done).toBe('result');
  });

  test('gives back no lease but its own', async () => {
    const store = new MemorySessionStore();
    const { end, done } = await begin(store);
    await store.write(ID, { token: 'of another', fence: 7 });
    end();
    expect(await done).toBe('result');
    expect(await store.read(ID)).toEqual({ token: 'of another', fence: 7 });
  });
});

describe('the fence grows', () => {
  const fence = (store: DriverStore) => withLease(store, ID, (lease) => lease.fence);

  test('from lease to lease', async () => {
    const store = new MemorySessionStore();
    const fences: number[] = [];
    for (let i = 0; i < 10; i++) fences.push(await fence(store));
    expect(new Set(fences).size).toBe(10);
    expect(fences).toEqual(fences.toSorted((a, b) => a - b));
    expect(fences.every(Number.isSafeInteger)).toBe(true);
  });

  test('when the clock goes back, while the last one is remembered', async () => {
    const store = new MemorySessionStore(Infinity, { now: () => performance.now() });
    const before = await fence(store);
    jest.setSystemTime(Date.now() - TTL);
    expect(await fence(store)).toBe(before + 1);
  });

  test('when nothing is left of the last one', async () => {
    const store = new MemorySessionStore();
    const before = await fence(store);
    await store.destroy(ID);
    await pass(1);
    expect(await fence(store)).toBeGreaterThan(before);
  });
});

describe('in one process', () => {
  test('20 run one after another, in the order in which they came', async () => {
    const store = new MemorySessionStore();
    const order: number[] = [];
    let running = 0;
    const all = Array.from({ length: 20 }, (_, n) =>
      withLease(store, ID, async () => {
        expect(++running).toBe(1);
        order.push(n);
        await new Promise((resolve) => setTimeout(resolve, 100));
        running--;
      }),
    );
    await pass(20 * 120);
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  test('others run at once', async () => {
    const store = new MemorySessionStore();
    const { end, done } = await begin(store);
    expect(await withLease(store, 'telegram:43', () => 'other id')).toBe('other id');
    expect(await withLease(new MemorySessionStore(), ID, () => 'other store')).toBe('other store');
    end();
    await done;
  });

  test('one who gives up in the line holds nobody up', async () => {
    const store = new MemorySessionStore();
    const caller = new AbortController();
    const { end, done } = await begin(store);
    const late = want(store, { wait: 1000 });
    const aborted = want(store, { wait: Infinity, signal: caller.signal });
    const patient = want(store, { wait: Infinity });
    await pass(999);
    expect(late.state).toBe('waits');
    await pass(1);
    expect(late).toMatchObject({ state: 'rejected', error: conflict });
    caller.abort('enough');
    await pass(0);
    expect(aborted).toMatchObject({ state: 'rejected', error: 'enough' });
    expect(patient.state).toBe('waits');
    end();
    await done;
    await pass(1000);
    expect(patient.state).toBe('ran');
    expect([late.state, aborted.state]).toEqual(['rejected', 'rejected']);
  });

  test('a lease inside itself is not free', async () => {
    const store = new MemorySessionStore();
    const inner = () => withLease(store, ID, () => 'inner', { wait: 500 });
    const outer = withLease(store, ID, inner);
    outer.catch(() => {});
    await pass(500);
    await expect(outer).rejects.toEqual(conflict);
  });
});

test('a process whose own never stop lets another one in', async () => {
  const [busy, other] = twoStores();
  let isBusy = true;
  const work = () => new Promise((resolve) => setTimeout(resolve, 500));
  const loop = async (): Promise<void> => {
    while (isBusy) await withLease(busy, ID, work, { wait: Infinity });
  };
  const loops = [loop(), loop()];
  await pass(100);
  const wanted = want(other, { wait: Infinity });
  await pass(120_000);
  expect(wanted.state).toBe('ran');
  isBusy = false;
  await pass(2000);
  await Promise.all(loops);
});

describe('who waits', () => {
  /** A lease whose holder has died. */
  async function dead(store: DriverStore, milliseconds: number) {
    const expiresIn = milliseconds / 60_000;
    await store.write(ID, { token: 'of the dead', fence: 1 }, { expiresIn });
  }

  test('writes nothing until the lease is free', async () => {
    const store = new MemorySessionStore();
    await dead(store, 60_000);
    const before = await store.readVersion(ID);
    const wanted = Array.from({ length: 20 }, () => want(store, { wait: Infinity }));
    await pass(59_999);
    expect(await store.readVersion(ID)).toEqual(before);
    expect(wanted.every(({ state }) => state === 'waits')).toBe(true);
    await pass(500);
    expect(wanted.every(({ state }) => state === 'ran')).toBe(true);
  });

  test('is refused when the time is over, and not before', async () => {
    const store = new MemorySessionStore();
    await dead(store, 60_000);
    const wanted = want(store, { wait: 5000 });
    await pass(4999);
    expect(wanted.state).toBe('waits');
    await pass(1);
    expect(wanted).toMatchObject({ state: 'rejected', error: conflict });
    await pass(100);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('waits longer by default than one that was killed has the lease', async () => {
    const store = new MemorySessionStore();
    await dead(store, 10_000); // its `ttl`
    const wanted = Array.from({ length: 3 }, () => want(store, {}));
    await pass(10_500);
    expect(wanted.every(({ state }) => state === 'ran')).toBe(true);
    await dead(store, 60_000);
    const late = want(store, { ttl: 5000 });
    await pass(14_999);
    expect(late.state).toBe('waits');
    await pass(1);
    expect(late).toMatchObject({ state: 'rejected', error: conflict });
  });

  test('gets it though it is free at the last moment only', async () => {
    const store = new MemorySessionStore();
    await dead(store, 5000);
    const wanted = want(store, { wait: 5000 });
    await pass(5000);
    expect(wanted).toMatchObject({ state: 'ran', at: expect.any(Number) });
  });

  test('may try once', async () => {
    const driver = new SlowDriver();
    await dead(new DriverStore(driver), 60_000);
    driver.reads = 0;
    const once = want(new DriverStore(driver), { wait: 0 });
    await pass(1000);
    expect(once).toMatchObject({ state: 'rejected', error: conflict });
    expect(driver.reads).toBe(1);

    const [one, other] = twoStores();
    const { end, done } = await begin(one);
    for (const store of [one, other]) {
      const wanted = want(store, { wait: 0 });
      await pass(1);
      expect(wanted).toMatchObject({ state: 'rejected', error: conflict });
    }
    end();
    await done;
    for (const store of [one, other]) {
      const wanted = want(store, { wait: 0 });
      await pass(1);
      expect(wanted.state).toBe('ran');
    }
  });

  test('hears when the signal aborts', async () => {
    const store = new MemorySessionStore();
    await dead(store, 60_000);
    const caller = new AbortController();
    const wanted = want(store, { signal: caller.signal });
    await pass(3000);
    caller.abort('enough');
    await pass(0);
    expect(wanted).toMatchObject({ state: 'rejected', error: 'enough' });
    expect(want(store, { signal: caller.signal })).toMatchObject({ state: 'waits' });
    await expect(withLease(store, ID, never, { signal: caller.signal })).rejects.toBe('enough');
  });

  test('does not run when the signal aborts while the lease is taken', async () => {
    const driver = new SlowDriver();
    driver.delay = 100;
    const store = new DriverStore(driver);
    const caller = new AbortController();
    const wanted = want(store, { signal: caller.signal });
    await pass(50);
    caller.abort('enough');
    await pass(1000);
    expect(wanted).toMatchObject({ state: 'rejected', error: 'enough' });
    const record = store.read(ID);
    await pass(100);
    expect(await record).toEqual({ fence: expect.any(Number) }); // given back
  });

  test('gets what the store rejects with', async () => {
    const store = new MemorySessionStore();
    await store.close();
    await expect(withLease(store, ID, never)).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(withLease(new MemorySessionStore(), '', never)).rejects.toMatchObject({
      code: 'INVALID_ID',
    });
  });

  test('never overwrites a session that is no lease', async () => {
    const store = new MemorySessionStore();
    await store.write(ID, { visits: 3 });
    await expect(withLease(store, ID, never)).rejects.toThrow(TypeError);
    expect(await store.read(ID)).toEqual({ visits: 3 });
  });
});

describe('a lease is lost', () => {
  const lost = expect.objectContaining({ code: 'CONFLICT', outcome: 'unknown' });

  test.each([
    ['another one has it', { token: 'of another', fence: 7 }],
    ['it was given back', { fence: 7 }],
    ['it is gone', null],
  ])('when %s, which the next heartbeat tells', async (_, session) => {
    const store = new MemorySessionStore();
    const { lease, end, done } = await begin(store);
    await store.update(ID, () => session);
    await pass(TTL / 4 + TTL / 16);
    expect(lease.signal.reason).toEqual(lost);
    end();
    expect(await done).toBe('result');
    expect(await store.read(ID)).toEqual(session);
    await pass(200);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a quarter of ttl before its end while the store fails; then no error reaches the run', async () => {
    const [store, other] = twoStores();
    const { lease, end, done } = await begin(store);
    await store.close();
    await pass(0.75 * TTL - 2);
    expect(lease.signal.aborted).toBe(false);
    await pass(2);
    expect(lease.signal.reason).toEqual(lost);
    const wanted = want(other);
    await pass(TTL / 4 - 2);
    expect(wanted.state).toBe('waits');
    await pass(102);
    expect(wanted.state).toBe('ran');
    end();
    expect(await done).toBe('result');
  });

  test('counted from the start of the last renewal, however late its answer', async () => {
    const driver = new SlowDriver();
    const { lease, end, done } = await begin(new DriverStore(driver));
    driver.delay = TTL / 4; // the one that starts at TTL / 4 has its answer at TTL / 2
    await pass(TTL / 2 - 1);
    driver.delay = 100 * TTL;
    await pass(TTL / 2 - 2);
    expect(lease.signal.aborted).toBe(false);
    await pass(4);
    expect(lease.signal.reason).toEqual(lost);
    end();
    expect(await done).toBe('result'); // without waiting for the store
  });

  test('before it has begun when the store is slower than the lease: then nothing runs', async () => {
    const driver = new SlowDriver();
    driver.delay = 400;
    const wanted = want(new DriverStore(driver), { ttl: 400, wait: 5000 });
    await pass(6000);
    expect(wanted).toMatchObject({ state: 'rejected', error: conflict });
  });

  test('and not when the store fails for a while only', async () => {
    const driver = new SlowDriver();
    const { lease } = await begin(new DriverStore(driver, { timeout: TTL / 32 }));
    for (let i = 0; i < 20; i++) {
      driver.delay = TTL; // TIMEOUT
      await pass(TTL / 3);
      driver.delay = 0;
      await pass(TTL / 2);
      expect(lease.signal.aborted).toBe(false);
    }
  });

  test('before anybody else gets it, though clocks differ by a quarter of ttl', async () => {
    const ttl = 400;
    for (const skew of [-ttl / 4, 0, ttl / 4]) {
      for (const holds of [0, 1]) {
        const stores = twoStores(skew);
        const [holder, other] = holds === 0 ? stores : stores.toReversed();
        const { lease } = await begin(holder as DriverStore, { ttl });
        await pass(2.3 * ttl); // renewed
        await (holder as DriverStore).close();
        const wanted = want(other as DriverStore, { ttl, wait: Infinity });
        for (let waited = 0; wanted.state === 'waits'; waited++) {
          expect(waited).toBeLessThan(2 * ttl);
          await pass(1);
        }
        expect(wanted.state).toBe('ran');
        expect(lease.signal.reason).toEqual(lost);
      }
    }
  });
});

test('Conversations take it', async () => {
  const leases = new MemorySessionStore();
  const exclusive: Exclusive = (id, run) => withLease(leases, id, run);
  const store = new MemorySessionStore();
  const conversations = new Conversations(store, { visits: 0 }, { exclusive });
  await conversations.run(ID, (conversation) => {
    expect(conversation.signal.aborted).toBe(false);
    conversation.setState({ visits: conversation.state.visits + 1 });
  });
  expect(await store.read(ID)).toEqual({ id: ID, _state: { visits: 1 } });
});

test('one signal serves any number of leases without a warning', () => {
  const program = `
    const { MemorySessionStore } = await import('@sessions/memory');
    const { withLease } = await import('@sessions/lease');
    const store = new MemorySessionStore();
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 50 }, () => withLease(store, 'a', () => {}, { signal })));`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
      timeout: 20_000,
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test.each<[unknown, typeof TypeError | typeof RangeError]>([
  [{ ttl: 0 }, RangeError],
  [{ ttl: -1 }, RangeError],
  [{ ttl: Infinity }, RangeError],
  [{ ttl: Number.NaN }, RangeError],
  [{ ttl: 2 ** 31 }, RangeError],
  [{ ttl: '5' }, TypeError],
  [{ wait: -1 }, RangeError],
  [{ wait: Number.NaN }, RangeError],
  [{ wait: 2 ** 31 }, RangeError],
  [{ wait: null }, TypeError],
  [{ signal: {} }, TypeError],
  [{ timeout: 5 }, TypeError],
  [null, TypeError],
])('refuses the options %p', async (options, error) => {
  const store = new MemorySessionStore();
  await expect(withLease(store, ID, never, options as LeaseOptions)).rejects.toThrow(error);
  expect(await store.read(ID)).toBeNull();
});

test('refuses what is no store, and what cannot run', async () => {
  const store = new MemorySessionStore();
  await expect(withLease({} as typeof store, ID, never)).rejects.toThrow(TypeError);
  await expect(withLease(store, ID, 'run' as unknown as () => void)).rejects.toThrow(TypeError);
  expect(await store.read(ID)).toBeNull();
});
