import { expect, test } from '@jest/globals';
import { Seen } from '../src/seen.ts';

const MANY = 100_000;

test('of many keys each is new once, and only once', () => {
  const seen = new Seen();
  const keys = Array.from({ length: MANY }, (_, n) => `sessions:telegram:${n}`);
  expect(keys.filter((key) => seen.add(key))).toHaveLength(MANY);
  expect(keys.filter((key) => seen.add(key))).toEqual([]);
  expect(seen.add('sessions:telegram')).toBe(true);
});

test('it takes less than 24 bytes for each, and leaves nothing to the collector', () => {
  const seen = new Seen();
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < MANY; n++) seen.add(`sessions:telegram:${n}`);
  const after = process.memoryUsage().arrayBuffers;
  expect((after - before) / MANY).toBeLessThan(24);
  expect(seen.add('sessions:telegram:0')).toBe(false);
});
