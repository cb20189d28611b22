// Runs in a project that has two stores, whose versions of core may differ.
import assert from 'node:assert/strict';
import * as file from '@sessions/file';
import * as memory from '@sessions/memory';

const stores = [
  { of: memory, other: file, store: new memory.MemorySessionStore() },
  { of: file, other: memory, store: new file.FileSessionStore('./sessions') },
];
for (const { of, other, store } of stores) {
  await store.write('a', { n: 1 });
  assert.deepEqual(await store.update('a', ({ n }) => ({ n: n + 1 })), { n: 2 });
  assert.deepEqual(await store.update('a', () => other.KEEP), { n: 2 });
  const error = await store.write('a', { n: 1n }).catch((reason) => reason);
  assert(of.isSessionError(error, 'INVALID_SESSION'));
  assert(other.isSessionError(error, 'INVALID_SESSION'));
  await store.close();
}
