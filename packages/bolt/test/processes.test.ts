import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';

const folder = await mkdtemp(join(tmpdir(), 'sessions-bolt-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

test('100 messages at once in two processes keep 100 of 100 increments', async () => {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const workers = [1, 2].map(() =>
    spawn(process.execPath, [join(import.meta.dirname, 'worker.js'), folder, '50'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const ended = Promise.all(workers.map((worker) => once(worker, 'close')));
  await Promise.all(workers.map((worker) => once(worker.stdout, 'data')));
  for (const worker of workers) worker.stdin.write('go\n');
  expect(await ended).toEqual([
    [0, null],
    [0, null],
  ]);
  const store = new FileSessionStore(folder);
  expect(await store.read('C1')).toEqual({ id: 'C1', _state: { count: 100 } });
  await store.close();
});
