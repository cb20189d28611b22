import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LmdbSessionStore } from 'sessions-lmdb';

test('while another process holds the lock a store reads, and writes reject for good', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sessions-lmdb-'));
  const store = new LmdbSessionStore(folder, { timeout: 300 });
  await store.write('a', { n: 1 });

  const holdLock = fileURLToPath(new URL('hold-lock.js', import.meta.url));
  const holder = spawn(process.execPath, [holdLock, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  assert.deepEqual(await store.read('a'), { n: 1 });
  await assert.rejects(store.write('a', { n: 2 }), { code: 'TIMEOUT' });
  await assert.rejects(store.destroy('a'), { code: 'TIMEOUT' });
  assert.deepEqual(await store.read('a'), { n: 1 });

  holder.stdin.end();
  await once(holder, 'exit');
  await store.write('b', { n: 3 }); // behind those in line
  assert.deepEqual(await store.all(), [{ n: 1 }, { n: 3 }]);
  await store.close();
  await rm(folder, { recursive: true });
});
