import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { runAtOnce } from '../../../tooling/processes.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { newFolder } from '../../../tooling/temporary-folder.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

/** Two processes that are given 50 messages each, at the same time. */
async function twoProcesses(kind: string, where: string, how: string): Promise<void> {
  const args = [kind, where, how, 50];
  expect(await runAtOnce(worker, args, args)).toEqual([0, 0]);
}

describe.each(['conversation', 'exclusive'])('%s: 100 messages at two processes', (how) => {
  test('on files keep 100 increments', async () => {
    const folder = newFolder();
    await twoProcesses('file', folder, how);
    await using store = new FileSessionStore(`${folder}/sessions`);
    expect((await store.read('7:7'))?._state).toEqual({ count: 100 });
  }, 120_000);
});

describeWith(await findRedis(), { describe, test }, 'on Redis', (server) => {
  afterAll(() => server.stop());

  test.each(['conversation', 'exclusive'])(
    '%s keeps 100 increments',
    async (how) => {
      const prefix = server.namespace();
      await twoProcesses('redis', `${server.url} ${prefix}`, how);
      await using store = new RedisSessionStore(server.url, {
        prefix: `${prefix}sessions`,
        onWarning: () => {},
      });
      expect((await store.read('7:7'))?._state).toEqual({ count: 100 });
      await store.clear();
    },
    120_000,
  );
});
