import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { runAtOnce } from '../../../tooling/processes.ts';
import { newFolder } from '../../../tooling/temporary-folder.ts';

const worker = join(import.meta.dirname, 'worker.js');

test('100 messages at once in two processes keep 100 of 100 increments', async () => {
  const folder = newFolder();
  expect(await runAtOnce(worker, [folder, 50], [folder, 50])).toEqual([0, 0]);
  const store = new FileSessionStore(folder);
  expect(await store.read('C1')).toEqual({ id: 'C1', _state: { count: 100 } });
  await store.close();
});
