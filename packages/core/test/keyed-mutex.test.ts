import { expect, test } from '@jest/globals';
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
  expect(await mutex.run('constructor', () => 2)).toBe(2);
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
});

test('nothing is left behind after a million keys', async () => {
  const mutex = new KeyedMutex();
  for (let batch = 0; batch < 1000; batch++) {
    const runs: Promise<unknown>[] = [];
    for (let i = 0; i < 1000; i++) runs.push(mutex.run(`${batch}:${i}`, () => i));
    expect(mutex.size).toBe(1000);
    await Promise.all(runs);
  }
  expect(mutex.size).toBe(0);
});
