import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { KEY, newFolder } from './support.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

/** Two processes that are given 50 messages each, at the same time. */
async function twoProcesses(kind: string, where: string): Promise<void> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const children = [1, 2].map(() =>
    spawn(process.execPath, [worker, kind, where, '50'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const ended = children.map((child) => once(child, 'close'));
  try {
    await Promise.all(children.map((child) => once(child.stdout, 'data')));
    for (const child of children) child.stdin.write('go\n');
    for (const [code] of await Promise.all(ended)) expect(code).toBe(0);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
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
