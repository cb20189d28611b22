import { expect, test } from '@jest/globals';
import { type Changed, Conversations, DriverStore, KEEP, type Session } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { MapDriver } from '../../core/test/map-driver.ts';
import { type ExclusiveOptions, exclusiveRuns, guarded, LEASE_PREFIX } from '../src/index.ts';

const ID = 'telegram:42';
const CONFLICT = { code: 'CONFLICT', outcome: 'not-applied' };

const idsOf = async (store: MemorySessionStore) => {
  const ids: string[] = [];
  for await (const id of store.ids()) ids.push(id);
  return ids;
};

test('runs of one id follow each other, and others do not wait', async () => {
  const notes: string[] = [];
  const run = exclusiveRuns(new MemorySessionStore());
  const slow = (name: string) => async () => {
    notes.push(`begin ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    notes.push(`end ${name}`);
    return name;
  };
  const runs = [run(ID, slow('one')), run(ID, slow('two')), run('another', () => 'at once')];
  expect(await Promise.all(runs)).toEqual(['one', 'two', 'at once']);
  expect(notes).toEqual(['begin one', 'end one', 'begin two', 'end two']);
});

test('a run is given its lease, and its error passes through', async () => {
  const run = exclusiveRuns(new MemorySessionStore(), true);
  const found = await run(ID, ({ id, fence, signal }) => [id, fence > 0, signal.aborted]);
  expect(found).toEqual([`${LEASE_PREFIX}${ID}`, true, false]);
  const error = new Error('mine');
  await expect(run(ID, () => Promise.reject(error))).rejects.toBe(error);
});

test('the lease is beside the session, or where it should be', async () => {
  const [store, leases] = [new MemorySessionStore(), new MemorySessionStore()];
  const list = async () => [await idsOf(store), await idsOf(leases)];
  const id = `${LEASE_PREFIX}${ID}`;
  expect(await exclusiveRuns(store, { leases })(ID, list)).toEqual([[], [id]]);
  expect(await exclusiveRuns(store)(ID, list)).toEqual([[id], [id]]);
});

test('a turn that does not come in time is refused', async () => {
  const run = exclusiveRuns(new MemorySessionStore(), { wait: 0 });
  await expect(run(ID, () => run(ID, () => {}))).rejects.toMatchObject(CONFLICT);
});

test('Conversations take it', async () => {
  const store = new MemorySessionStore();
  const of = () => new Conversations(store, { n: 0 }, { exclusive: exclusiveRuns(store) });
  const all = [of(), of()];
  const add = (n: number) =>
    all[n % 2]?.run(ID, async (conversation) => {
      const { n } = conversation.state;
      await new Promise(setImmediate);
      conversation.setState({ n: n + 1 });
    });
  await Promise.all(Array.from({ length: 20 }, (_, n) => add(n)));
  expect(await store.read(ID)).toEqual({ id: ID, _state: { n: 20 } });
});

test.each<[unknown, typeof TypeError | typeof RangeError]>([
  [{ ttl: 0 }, RangeError],
  [{ wait: '5' }, TypeError],
  [{ waits: 5 }, TypeError],
  [{ leases: {} }, TypeError],
  [() => {}, TypeError],
  [null, TypeError],
])('the options %p are refused at once', (options, error) => {
  const store = new MemorySessionStore();
  expect(() => exclusiveRuns(store, options as ExclusiveOptions)).toThrow(error);
});

test('so is a store without update', () => {
  expect(() => exclusiveRuns({} as MemorySessionStore)).toThrow(TypeError);
  expect(() => guarded({} as MemorySessionStore)).toThrow(TypeError);
});

/** A store, what is guarded of it, and somebody else, who does not care for leases. */
function guardedStore() {
  const records = new Map<string, string>();
  const store = new DriverStore(new MapDriver(records));
  const another = new DriverStore(new MapDriver(records));
  return { store, another, run: exclusiveRuns(store), ...guarded(store) };
}

const to = (session: Changed) => () => session;

test.each<[string, Session | null, Session | null]>([
  ['changed', { n: 1 }, { n: 2 }],
  ['created', null, { n: 2 }],
  ['destroyed', { n: 1 }, null],
])(
  'a run replaces nothing that somebody else has %s since it was read',
  async (_, before, after) => {
    const { store, another, run, read, replace } = guardedStore();
    if (before) await store.write(ID, before);
    for (const next of [{ by: 'run' }, null]) {
      await run(ID, async () => {
        expect(await read(ID)).toEqual(before);
        await another.update(ID, to(after));
        await expect(replace(ID, to(next))).rejects.toMatchObject(CONFLICT);
      });
      expect(await store.read(ID)).toEqual(after);
      await store.update(ID, to(before));
    }
  },
);

test('what counts is the first reading: the second may be of what somebody else wrote', async () => {
  const { store, another, run, read, readVersion, replace } = guardedStore();
  await run(ID, async () => {
    await read(ID);
    await another.write(ID, { by: 'another' });
    expect(await read(ID)).toEqual({ by: 'another' });
    expect((await readVersion(ID))?.session).toEqual({ by: 'another' });
    await expect(replace(ID, to({ by: 'run' }))).rejects.toMatchObject(CONFLICT);
  });
  expect(await store.read(ID)).toEqual({ by: 'another' });
});

test('readings and changes of one run follow each other', async () => {
  const { store, another, run, read, replace, update } = guardedStore();
  await run(ID, async () => {
    await read(ID);
    expect(await replace(ID, to({ n: 1, at: new Date(0) }))).toEqual({
      n: 1,
      at: expect.any(String),
    });
    expect(await replace(ID, to(null))).toBeNull();
    await replace(ID, to({ n: 2 }));
    await update(ID, (found) => ({ n: found?.n + 1 }));
    expect(await replace(ID, to(KEEP))).toEqual({ n: 3 });
    await replace(ID, (found) => ({ n: found?.n + 1 }));
    await another.write(ID, { by: 'another' });
    await expect(replace(ID, to({ n: 5 }))).rejects.toMatchObject(CONFLICT);
  });
  expect(await store.read(ID)).toEqual({ by: 'another' });
});

test('update sees what somebody else wrote, and makes it no reading of the run', async () => {
  const { store, another, run, read, replace, update } = guardedStore();
  await run(ID, async () => {
    await read(ID);
    await another.write(ID, { n: 50 });
    expect(await update(ID, (found) => ({ n: found?.n + 1 }))).toEqual({ n: 51 });
    await expect(replace(ID, to({ n: 1 }))).rejects.toMatchObject(CONFLICT);
  });
  expect(await store.read(ID)).toEqual({ n: 51 });
});

test('what a run has not read, and outside of one anything, is replaced', async () => {
  const { store, another, run, read, replace } = guardedStore();
  await another.write(ID, { by: 'another' });
  await run('other', () => replace(ID, (found) => ({ ...found, n: 1 })));
  expect(await store.read(ID)).toEqual({ by: 'another', n: 1 });
  await read(ID);
  await another.write(ID, { by: 'another' });
  await replace(ID, to({ n: 2 }));
  expect(await store.read(ID)).toEqual({ n: 2 });
});

test('runs at once, and stores with the same ids, are told apart', async () => {
  const [one, other] = [guardedStore(), guardedStore()];
  await one.store.write(ID, { of: 'one' });
  await one.run('a', async () => {
    await Promise.all([one.read(ID), other.read(ID)]);
    await one.run('b', async () => {
      await one.another.write(ID, { of: 'another' });
      await one.read(ID);
      await one.replace(ID, to({ of: 'b' }));
    });
    await other.replace(ID, to({ of: 'other' }));
    await expect(one.replace(ID, to({ of: 'a' }))).rejects.toMatchObject(CONFLICT);
  });
  expect(await one.store.read(ID)).toEqual({ of: 'b' });
  expect(await other.store.read(ID)).toEqual({ of: 'other' });
});

test('a lifetime of its own', async () => {
  let now = Date.now();
  const store = new MemorySessionStore(Infinity, { now: () => now });
  const { read, replace, update } = guarded(store);
  for (const change of [replace, update]) {
    await change(ID, to({ n: 1 }), { expiresIn: 1 });
    now += 59_999;
    expect(await read(ID)).toEqual({ n: 1 });
    now += 1;
    expect(await read(ID)).toBeNull();
  }
});
