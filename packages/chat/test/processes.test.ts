import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { runAtOnce } from '../../../tooling/processes.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { newFolder } from '../../../tooling/temporary-folder.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));
const KEY = 'value:thread-state:telegram:7';

/** Two processes that are given 50 messages each, at the same time. */
async function twoProcesses(kind: string, where: string, how: string): Promise<void> {
  const args = (first: number) => [kind, where, how, first, 50];
  expect(await runAtOnce(worker, args(1), args(51))).toEqual([0, 0]);
}

describe.each(['setState', 'exclusive'])('%s: 100 messages at two processes', (how) => {
  test('on files keep 100 increments', async () => {
    const folder = newFolder();
    await twoProcesses('file', folder, how);
    await using store = new FileSessionStore(folder);
    expect(await store.read(KEY)).toEqual({ value: { count: 100 } });
  }, 120_000);
});

describeWith(await findRedis(), { describe, test }, 'on Redis', (server) => {
  afterAll(() => server.stop());

  test.each(['setState', 'exclusive'])(
    '%s keeps 100 increments',
    async (how) => {
      const prefix = server.namespace();
      await twoProcesses('redis', `${server.url} ${prefix}`, how);
      await using store = new RedisSessionStore(server.url, { prefix, onWarning: () => {} });
      expect(await store.read(KEY)).toEqual({ value: { count: 100 } });
      await store.clear();
    },
    120_000,
  );
});
