import { expect, test } from '@jest/globals';
import { Flusher } from '../src/flusher.ts';

/** Flushes that begin and end when the test says so. */
function controlled() {
  const begun: { folder: string; end: () => void; fail: (error: Error) => void }[] = [];
  const flusher = new Flusher(
    (folder) =>
      new Promise<void>((end, fail) => {
        begun.push({ folder, end, fail });
      }),
  );
  const acknowledged: string[] = [];
  const flush = (who: string, folder = 'ab') => {
    void flusher.flush(folder).then(
      () => void acknowledged.push(who),
      () => void acknowledged.push(`${who} rejected`),
    );
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { begun, flush, acknowledged, settle };
}

test('those who come while a folder is flushed share one flush that begins after that', async () => {
  const { begun, flush, acknowledged, settle } = controlled();
  for (const who of ['first', 'second', 'third']) flush(who);
  flush('elsewhere', 'cd');
  await settle();
  expect(begun.map(({ folder }) => folder)).toEqual(['ab', 'cd']);
  begun[0]?.end();
  await settle();
  expect(acknowledged).toEqual(['first']);
  expect(begun).toHaveLength(3);
  flush('fourth'); // the flush of the second has begun before
  begun[2]?.end();
  await settle();
  expect(acknowledged).toEqual(['first', 'second', 'third']);
  begun[3]?.end();
  await settle();
  expect(acknowledged).toEqual(['first', 'second', 'third', 'fourth']);
  flush('fifth');
  expect(begun).toHaveLength(5);
});

test('a flush that fails is that of those who share it, and of no other', async () => {
  const { begun, flush, acknowledged, settle } = controlled();
  for (const who of ['first', 'second', 'third']) flush(who);
  begun[0]?.fail(new Error('EIO'));
  await settle();
  expect(acknowledged).toEqual(['first rejected']);
  begun[1]?.end();
  await settle();
  expect(acknowledged).toEqual(['first rejected', 'second', 'third']);
});
