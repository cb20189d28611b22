import { expect, test } from '@jest/globals';
import { DriverStore, hashId } from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

// Apart from what is quick, so that `mutate` can do without.

test('a session has at most the text that V8 can hold where a store has no limit', async () => {
  const store = new DriverStore(new MapDriver(), { maxSessionBytes: Infinity });
  const part = 'x'.repeat(2 ** 28);
  await expect(store.write('a', { parts: [part, part] })).rejects.toMatchObject({
    code: 'TOO_LARGE',
    outcome: 'not-applied',
    idHash: hashId('a'),
  });
});

test('a session has at most 8 MiB by default', async () => {
  const store = new DriverStore(new MapDriver());
  await store.write('a', { a: 'x'.repeat(8 * 1024 * 1024 - 8) });
  await expect(store.write('a', { a: 'x'.repeat(8 * 1024 * 1024 - 7) })).rejects.toMatchObject({
    code: 'TOO_LARGE',
  });
});
