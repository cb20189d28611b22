import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Deadline } from '../src/deadline.ts';
import { KeyedMutex } from '../src/keyed-mutex.ts';

test('tasks of one key run one after another in the order in which they came', async () => {
  const mutex = new KeyedMutex();
  const events: string[] = [];
  const task = (name: string) => async () => {
    events.push(`${name} starts`);
    await new Promise(setImmediate);
    events.push(`${name} ends`);
  };
  await Promise.all([
    mutex.run('a', task('1')),
    mutex.run('a', task('2')),
    mutex.run('a', task('3')),
  ]);
  expect(events).toEqual(['1 starts', '1 ends', '2 starts', '2 ends', '3 starts', '3 ends']);
});

test('tasks of different keys do not wait for each other, __proto__ included', async () => {
  const mutex = new KeyedMutex();
  const waiting = mutex.run('a', () => new Promise(() => {}));
  expect(await mutex.run('__proto__', () => 1)).toBe(1);
  expect(await mutex.run('constructor', async () => 2)).toBe(2);
  expect(mutex.size).toBe(1);
  void waiting;
});

test('a task that throws does not hold up the next', async () => {
  const mutex = new KeyedMutex();
  const bad = mutex.run('a', () => {
    throw new Error('bad');
  });
  const good = mutex.run('a', () => 'good');
  await expect(bad).rejects.toThrow('bad');
  expect(await good).toBe('good');
  await expect(mutex.run('a', () => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
  expect(mutex.size).toBe(0);
});

test('a key is held until the last of its tasks is over', async () => {
  const mutex = new KeyedMutex();
  const sizes: number[] = [];
  const task = async () => void sizes.push(mutex.size);
  const tasks = [mutex.run('a', task), mutex.run('a', task), mutex.run('a', task)];
  await Promise.all(tasks);
  expect(sizes).toEqual([1, 1, 1]);
  expect(mutex.size).toBe(0);
});

test('nothing is left behind after a hundred thousand keys', async () => {
  const mutex = new KeyedMutex();
  for (let batch = 0; batch < 100; batch++) {
    const runs: Promise<unknown>[] = [];
    for (let i = 0; i < 1000; i++) runs.push(mutex.run(`${batch}:${i}`, () => i));
    expect(mutex.size).toBe(1000);
    await Promise.all(runs);
  }
  expect(mutex.size).toBe(0);
});

describe('a turn with a limit', () => {
  afterEach(() => void jest.useRealTimers());

  /** A mutex, and a task ahead that is over when `finish` is called. */
  function setup() {
    jest.useFakeTimers();
    const mutex = new KeyedMutex();
    const events: string[] = [];
    let finish: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const runWithin = async (
      limit: number,
      key: string,
      run: (deadline: Deadline) => void | Promise<void>,
    ) => {
      const turn = await mutex.enter(key, limit);
      await run(turn);
      mutex.leave(key, turn);
    };
    let ahead: Deadline | undefined;
    const first = runWithin(100, 'a', async (deadline) => {
      ahead = deadline;
      await gate;
      events.push('first');
    });
    const task = (name: string) => (deadline: Deadline) => {
      events.push(`${name}, ${deadline.left} left`);
    };
    return { mutex, runWithin, events, finish, ahead: () => ahead as Deadline, first, task };
  }

  test('goes on out of turn a moment after its limit, with all of its time', async () => {
    const { mutex, runWithin, events, finish, first, task } = setup();
    const second = runWithin(100, 'a', task('second'));
    await jest.advanceTimersByTimeAsync(149);
    expect(events).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    await second;
    expect(events).toEqual(['second, 100 left']);
    finish();
    await first;
    expect(jest.getTimerCount()).toBe(0);
    expect(mutex.size).toBe(0);
  });

  test('has its turn once the one ahead is over, and leaves no timer behind', async () => {
    const { runWithin, events, finish, first, task } = setup();
    const second = runWithin(100, 'a', task('second'));
    await jest.advanceTimersByTimeAsync(10);
    finish();
    await Promise.all([first, second]);
    expect(events).toEqual(['first', 'second, 100 left']);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('is given less when those ahead waited for the backend meanwhile', async () => {
    const { runWithin, events, finish, ahead, task } = setup();
    await jest.advanceTimersByTimeAsync(0);
    ahead().start();
    await jest.advanceTimersByTimeAsync(5);
    const second = runWithin(100, 'a', task('second'));
    await jest.advanceTimersByTimeAsync(30);
    ahead().stop();
    await jest.advanceTimersByTimeAsync(30);
    finish();
    await second;
    expect(events).toEqual(['first', 'second, 70 left']);
  });

  test('alone spends time of its own, and the next one none of it', async () => {
    const { runWithin, events, finish, first, task } = setup();
    finish();
    await first;
    await runWithin(100, 'a', async (deadline) => {
      deadline.start();
      await jest.advanceTimersByTimeAsync(40);
      deadline.stop();
      expect(deadline.left).toBe(60);
    });
    await runWithin(100, 'a', task('next'));
    expect(events).toEqual(['first', 'next, 100 left']);
  });

  test('of Infinity waits as long as it takes, without a timer', async () => {
    const { runWithin, events, finish, task } = setup();
    const second = runWithin(Infinity, 'a', task('second'));
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(1e9);
    expect(events).toEqual([]);
    finish();
    await second;
    expect(events).toEqual(['first', 'second, Infinity left']);
  });

  test('that went on out of turn is waited for by those behind it', async () => {
    const { runWithin, events, task } = setup();
    let over: () => void = () => {};
    const second = runWithin(10, 'a', async () => {
      await new Promise<void>((resolve) => {
        over = resolve;
      });
      events.push('second');
    });
    const third = runWithin(1000, 'a', task('third'));
    await jest.advanceTimersByTimeAsync(500);
    expect(events).toEqual([]);
    over();
    await Promise.all([second, third]);
    expect(events).toEqual(['second', 'third, 1000 left']);
  });
});
