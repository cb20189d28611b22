import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { runAtOnce } from '../../../tooling/processes.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { newFolder } from '../../../tooling/temporary-folder.ts';
import { KEY } from './support.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

/** Two processes that are given 50 messages each, at the same time. */
async function twoProcesses(kind: string, where: string): Promise<void> {
  const args = [kind, where, 50];
  expect(await runAtOnce(worker, args, args)).toEqual([0, 0]);
}

test('100 turns at two processes on files keep 100 increments', async () => {
  const folder = newFolder();
  await twoProcesses('file', folder);
  await using store = new FileSessionStore(`${folder}/sessions`);
  expect(await store.read(KEY)).toEqual({ count: 100 });
}, 120_000);

describeWith(await findRedis(), { describe, test }, 'on Redis', (server) => {
  afterAll(() => server.stop());

  test('100 turns at two processes keep 100 increments', async () => {
    const prefix = server.namespace();
    await twoProcesses('redis', `${server.url} ${prefix}`);
    await using store = new RedisSessionStore(server.url, {
      prefix: `${prefix}sessions`,
      onWarning: () => {},
    });
    expect(await store.read(KEY)).toEqual({ count: 100 });
    await store.clear();
  }, 120_000);
});
