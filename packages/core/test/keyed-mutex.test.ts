import { expect, test } from '@jest/globals';
import { KeyedMutex } from '../src/keyed-mutex.ts';

test('tasks of one key run one after another in the order in which they came', async () => {
  const lines = new KeyedMutex();
  const events: string[] = [];
  const task = (name: string) => async () => {
    events.push(`${name} starts`);
    await new Promise(setImmediate);
    events.push(`${name} ends`);
  };
  await Promise.all([
    lines.run('a', task('1')),
    lines.run('a', task('2')),
    lines.run('a', task('3')),
  ]);
  expect(events).toEqual(['1 starts', '1 ends', '2 starts', '2 ends', '3 starts', '3 ends']);
});

test('tasks of different keys do not wait for each other, __proto__ included', async () => {
  const lines = new KeyedMutex();
  const waiting = lines.run('a', () => new Promise(() => {}));
  expect(await lines.run('__proto__', () => 1)).toBe(1);
  expect(await lines.run('constructor', () => 2)).toBe(2);
  void waiting;
});

test('a task that throws does not hold up the next', async () => {
  const lines = new KeyedMutex();
  const bad = lines.run('a', () => {
    throw new Error('bad');
  });
  const good = lines.run('a', () => 'good');
  await expect(bad).rejects.toThrow('bad');
  expect(await good).toBe('good');
});

test('nothing is left behind after a million keys', async () => {
  const lines = new KeyedMutex();
  for (let batch = 0; batch < 1000; batch++) {
    const runs: Promise<unknown>[] = [];
    for (let i = 0; i < 1000; i++) runs.push(lines.run(`${batch}:${i}`, () => i));
    expect(lines.size).toBe(1000);
    await Promise.all(runs);
  }
  expect(lines.size).toBe(0);
});
