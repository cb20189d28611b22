import { beforeEach, describe, expect, test } from '@jest/globals';
import type { FullSessionStore } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import type { Lock, QueueEntry } from 'chat';
import { createStoreState, type StoreState } from '../src/index.ts';
import { describeStores } from './support.ts';

const THREAD = 'slack:C123:1234.5678';
const DAY = 24 * 60 * 60 * 1000;

const entry = (id: string, expiresAt = Date.now() + 90_000) =>
  ({ message: { id }, enqueuedAt: 1, expiresAt }) as unknown as QueueEntry;

async function idsOf(store: FullSessionStore): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of store.ids()) ids.push(id);
  return ids;
}

describeStores((open) => {
  let clock = 0;
  let store: FullSessionStore;
  let state: StoreState;

  beforeEach(async () => {
    clock = 1_800_000_000_000;
    store = open({ now: () => clock });
    state = createStoreState(store);
    await state.connect();
  });

  const acquire = async (ttlMs = 5000): Promise<Lock> => {
    const lock = await state.acquireLock(THREAD, ttlMs);
    if (!lock) throw new Error('the lock is not free');
    return lock;
  };

  describe('values', () => {
    test('come back, are replaced, and deleted', async () => {
      expect(await state.get('key')).toBeNull();
      for (const value of ['text', 0, false, { a: [1] }, [1, 'two']]) {
        await state.set('key', value);
        expect(await state.get('key')).toEqual(value);
      }
      await state.delete('key');
      await state.delete('key');
      expect(await state.get('key')).toBeNull();
    });

    test('live as long as their call says, or else the store', async () => {
      await state.set('short', 1, 300_000);
      await state.set('long', 2);
      await state.set('zero', 3, 0);
      clock += 299_999;
      expect(await state.get('short')).toBe(1);
      clock += 1;
      expect(await state.get('short')).toBeNull();
      clock += 364 * DAY;
      expect([await state.get('long'), await state.get('zero')]).toEqual([2, 3]);
      clock += DAY;
      expect([await state.get('long'), await state.get('zero')]).toEqual([null, null]);
    });

    test('setIfNotExists sets once', async () => {
      expect(await state.setIfNotExists('key', 'first')).toBe(true);
      expect(await state.setIfNotExists('key', 'second')).toBe(false);
      expect(await state.get('key')).toBe('first');
    });

    test('setIfNotExists of many at once sets one', async () => {
      const made = await Promise.all(
        Array.from({ length: 20 }, (_, n) => state.setIfNotExists('key', n)),
      );
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await state.get('key')).toBe(made.indexOf(true));
    });

    test('setIfNotExists sets again after the end', async () => {
      await state.setIfNotExists('key', 'first', 10);
      clock += 10;
      expect(await state.get('key')).toBeNull();
      expect(await state.setIfNotExists('key', 'second')).toBe(true);
      expect(await state.get('key')).toBe('second');
    });

    test('setIfNotExists does not prolong what is there', async () => {
      await state.setIfNotExists('key', 'first', 10);
      await state.setIfNotExists('key', 'second', 1000);
      clock += 10;
      expect(await state.get('key')).toBeNull();
    });
  });

  describe('lists', () => {
    test('are empty, and grow in order', async () => {
      expect(await state.getList('list')).toEqual([]);
      await state.appendToList('list', { id: 1 });
      await state.appendToList('list', { id: 2 });
      expect(await state.getList('list')).toEqual([{ id: 1 }, { id: 2 }]);
    });

    test('keep the newest', async () => {
      for (let id = 1; id <= 5; id++) await state.appendToList('list', { id }, { maxLength: 3 });
      expect(await state.getList('list')).toEqual([{ id: 3 }, { id: 4 }, { id: 5 }]);
    });

    test('lose nothing that is appended at once', async () => {
      const ids = Array.from({ length: 20 }, (_, id) => id);
      await Promise.all(ids.map((id) => state.appendToList('list', id, { maxLength: 20 })));
      expect(await state.getList('list')).toEqual(ids);
    });

    test('live from the last append, and begin anew', async () => {
      await state.appendToList('list', 1, { ttlMs: 50 });
      clock += 30;
      await state.appendToList('list', 2, { ttlMs: 50 });
      clock += 49;
      expect(await state.getList('list')).toEqual([1, 2]);
      clock += 1;
      expect(await state.getList('list')).toEqual([]);
      await state.appendToList('list', 3);
      expect(await state.getList('list')).toEqual([3]);
    });

    test('are apart by key, and a value that is none is none', async () => {
      await state.appendToList('a', 'of a');
      await state.appendToList('b', 'of b');
      await state.set('c', 'no list');
      expect(await state.getList('a')).toEqual(['of a']);
      expect(await state.getList('b')).toEqual(['of b']);
      expect(await state.getList('c')).toEqual([]);
    });
  });

  describe('locks', () => {
    test('are had by one', async () => {
      const before = Date.now();
      const lock = await acquire();
      expect(lock).toEqual({
        threadId: THREAD,
        token: expect.any(String),
        expiresAt: lock.expiresAt,
      });
      expect(lock.expiresAt).toBeGreaterThanOrEqual(before + 5000);
      expect(await state.acquireLock(THREAD, 5000)).toBeNull();
      expect(await state.acquireLock('another', 5000)).not.toBeNull();
    });

    test('are had by one of many that want it at once', async () => {
      const locks = await Promise.all(
        Array.from({ length: 20 }, () => state.acquireLock(THREAD, 5000)),
      );
      expect(locks.filter(Boolean)).toHaveLength(1);
    });

    test('are not written by who is refused', async () => {
      await acquire();
      const version = await store.readVersion(`lock:${THREAD}`);
      await state.acquireLock(THREAD, 9000);
      const stranger = { threadId: THREAD, token: 'another', expiresAt: 0 };
      expect(await state.extendLock(stranger, 9000)).toBe(false);
      await state.releaseLock(stranger);
      expect(await store.readVersion(`lock:${THREAD}`)).toEqual(version);
    });

    test('are free once they are released, by force too', async () => {
      const first = await acquire();
      await state.releaseLock(first);
      const second = await acquire();
      await state.forceReleaseLock(THREAD);
      const third = await acquire();
      expect(new Set([first.token, second.token, third.token]).size).toBe(3);
      await state.releaseLock(second); // the holder that was forced out
      expect(await state.acquireLock(THREAD, 5000)).toBeNull();
      await state.forceReleaseLock('that nobody has');
    });

    test('are free after the end, and then not extended', async () => {
      const first = await acquire(10);
      clock += 10;
      expect(await state.extendLock(first, 5000)).toBe(false);
      const second = await acquire();
      expect(second.token).not.toBe(first.token);
      expect(await state.extendLock(first, 5000)).toBe(false);
    });

    test('are extended from now on', async () => {
      const lock = await acquire(100);
      clock += 99;
      expect(await state.extendLock(lock, 5000)).toBe(true);
      clock += 4999;
      expect(await state.acquireLock(THREAD, 5000)).toBeNull();
      clock += 1;
      expect(await state.acquireLock(THREAD, 5000)).not.toBeNull();
    });
  });

  describe('queues', () => {
    test('are empty, of a thread that has none too', async () => {
      expect([await state.queueDepth(THREAD), await state.dequeue(THREAD)]).toEqual([0, null]);
    });

    test('come out in order, and are gone then', async () => {
      const entries = ['m1', 'm2', 'm3'].map((id) => entry(id));
      for (const [n, each] of entries.entries()) {
        expect(await state.enqueue(THREAD, each, 10)).toBe(n + 1);
      }
      expect(await state.queueDepth(THREAD)).toBe(3);
      for (const each of entries) expect(await state.dequeue(THREAD)).toEqual(each);
      expect([await state.queueDepth(THREAD), await state.dequeue(THREAD)]).toEqual([0, null]);
      expect(await idsOf(store)).toEqual([]);
    });

    test.each([1, 3])('keep the newest %i', async (maxSize) => {
      for (const id of ['m1', 'm2', 'm3', 'm4', 'm5'])
        await state.enqueue(THREAD, entry(id), maxSize);
      expect(await state.queueDepth(THREAD)).toBe(maxSize);
      const first = await state.dequeue(THREAD);
      expect(first?.message.id).toBe(`m${6 - maxSize}`);
    });

    test('give each entry once, to many at once', async () => {
      const ids = Array.from({ length: 20 }, (_, n) => `m${n}`);
      await Promise.all(ids.map((id) => state.enqueue(THREAD, entry(id), 20)));
      const taken = await Promise.all(ids.map(() => state.dequeue(THREAD)));
      expect(taken.map((each) => each?.message.id)).toEqual(ids);
    });

    test('are apart by thread', async () => {
      await state.enqueue('a', entry('of a'), 10);
      await state.enqueue('b', entry('of b'), 10);
      expect([await state.queueDepth('a'), await state.queueDepth('b')]).toEqual([1, 1]);
      expect((await state.dequeue('a'))?.message.id).toBe('of a');
      expect((await state.dequeue('b'))?.message.id).toBe('of b');
    });

    test('end a day after the last change', async () => {
      await state.enqueue(THREAD, entry('m1'), 10);
      await state.enqueue(THREAD, entry('m2'), 10);
      clock += DAY - 1;
      await state.dequeue(THREAD);
      clock += DAY - 1;
      expect(await state.queueDepth(THREAD)).toBe(1);
      clock += 1;
      expect(await state.queueDepth(THREAD)).toBe(0);
    });
  });

  describe('subscriptions', () => {
    test('are made and ended', async () => {
      expect(await state.isSubscribed(THREAD)).toBe(false);
      await state.subscribe(THREAD);
      expect([await state.isSubscribed(THREAD), await state.isSubscribed('b')]).toEqual([
        true,
        false,
      ]);
      await state.unsubscribe(THREAD);
      await state.unsubscribe(THREAD);
      expect(await state.isSubscribed(THREAD)).toBe(false);
    });

    test('live from the last time that somebody asked', async () => {
      await state.subscribe(THREAD);
      for (let year = 0; year < 3; year++) {
        clock += 364 * DAY;
        expect(await state.isSubscribed(THREAD)).toBe(true);
      }
      clock += 365 * DAY;
      expect(await state.isSubscribed(THREAD)).toBe(false);
    });
  });

  test('one name of a key, a lock, a queue and a subscription are four', async () => {
    await state.set('x', 1);
    await state.subscribe('x');
    await state.enqueue('x', entry('m1'), 10);
    expect(await state.acquireLock('x', 5000)).not.toBeNull();
    await state.forceReleaseLock('x');
    await state.unsubscribe('x');
    expect([await state.get('x'), await state.queueDepth('x')]).toEqual([1, 1]);
  });

  test('nothing stays of what is over', async () => {
    await state.releaseLock(await acquire());
    await state.subscribe(THREAD);
    await state.unsubscribe(THREAD);
    await state.set('deleted', 1);
    await state.delete('deleted');
    await state.enqueue(THREAD, entry('m1'), 10);
    await state.dequeue(THREAD);
    expect(await idsOf(store)).toEqual([]);
    await state.setIfNotExists('dedupe', true, 300_000);
    await state.appendToList('history', 1, { ttlMs: 300_000 });
    await acquire();
    await state.enqueue('b', entry('m1'), 10);
    clock += DAY;
    expect(await store.prune()).toBe(4);
    clock -= DAY; // what had only expired would be seen again
    expect(await idsOf(store)).toEqual([]);
  });

  test('all of it outlives a disconnect', async () => {
    await state.subscribe(THREAD);
    await state.set('key', 1);
    await state.enqueue(THREAD, entry('m1'), 10);
    await acquire();
    await state.disconnect();
    await state.disconnect();
    await state.connect();
    expect(await state.isSubscribed(THREAD)).toBe(true);
    expect(await state.get('key')).toBe(1);
    expect(await state.queueDepth(THREAD)).toBe(1);
    expect(await state.acquireLock(THREAD, 5000)).toBeNull();
  });

  test('before connect, and after disconnect, everything rejects', async () => {
    const refused = async (adapter: StoreState) => {
      const calls = [adapter.get('a'), adapter.subscribe('a'), adapter.acquireLock('a', 1)];
      for (const call of [...calls, adapter.exclusive(() => {})({ id: 'a' })]) {
        await expect(call).rejects.toThrow('not connected');
        await expect(call).rejects.toThrow(TypeError);
      }
    };
    await refused(createStoreState(store));
    await state.disconnect();
    await refused(state);
  });
});

test('errors of the store pass through', async () => {
  const store = new MemorySessionStore();
  const state = createStoreState(store);
  await state.connect();
  await expect(state.set('key', 1n)).rejects.toMatchObject({ code: 'INVALID_SESSION' });
  await expect(state.get('x'.repeat(1025))).rejects.toMatchObject({ code: 'INVALID_ID' });
  await expect(state.acquireLock('thread', -1)).rejects.toThrow(RangeError);
  await store.close();
  await expect(state.connect()).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(state.acquireLock('thread', 1)).rejects.toMatchObject({ code: 'CLOSED' });
});

test('a store of five methods is refused', () => {
  expect(() => createStoreState({} as FullSessionStore)).toThrow(TypeError);
});
