import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { ownRedis } from '../../../tooling/servers/redis.ts';
import { project, run } from './support.ts';

const rows = (stdout: string) =>
  new Map(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ what, ...rest }) => [what as string, rest]),
  );

test('a folder: room, file system, permissions, and what holds there', async () => {
  const folder = await project('@sessions/file');
  await using store = new FileSessionStore(join(folder, 'bot'));
  await store.write('a', {});
  const { code, stdout } = await run(folder, ['doctor', './bot', '--json', '--write']);
  const found = rows(stdout);
  for (const what of ['connects', 'latency', 'guarantees', 'permissions', 'writing']) {
    expect(found.get(what)).toMatchObject({ level: 'ok' });
  }
  for (const what of ['free disk', 'free inodes', 'file system'])
    expect(found.has(what)).toBe(true);
  expect([0, 3]).toContain(code); // the disk of this machine may be full
  expect(await store.all()).toHaveLength(1);

  await chmod(join(folder, 'bot'), 0o755);
  const { code: open, stdout: more } = await run(folder, ['doctor', './bot', '--json']);
  expect(rows(more).get('permissions')).toEqual({
    level: 'look',
    says: '755: other users of this host may get at the sessions',
  });
  expect(open).toBe(3);
});

describeWith(ownRedis(), { describe, test }, 'a Redis of our own', ({ start }) => {
  test('that evicts and writes nothing to disk', async () => {
    const folder = await project('@sessions/redis');
    const args = ['--save', '', '--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'];
    const server = await start([...args, '--requirepass', 'sesame']);
    try {
      const url = server.url.replace('redis://', 'redis://:sesame@');
      const { code, stdout, stderr } = await run(folder, ['doctor', url, '--json', '--write']);
      const found = rows(stdout);
      expect(found.get('version').says).toMatch(/^(Redis|valkey) \d/);
      expect(found.get('eviction')).toMatchObject({
        level: 'look',
        says: expect.stringMatching(/^allkeys-lru, .* of 50\.00M/),
      });
      expect(found.get('persistence')).toMatchObject({ level: 'look' });
      expect(found.get('clock')).toMatchObject({ level: 'ok' });
      expect(found.get('writing')).toMatchObject({ level: 'ok' });
      expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
      await using store = new RedisSessionStore(url, { onWarning: () => {} });
      expect(await store.all()).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});

test('a server that is not there', async () => {
  const folder = await project('@sessions/redis');
  const { code, stdout } = await run(folder, ['doctor', 'redis://127.0.0.1:1', '--json']);
  expect(rows(stdout)).toEqual(
    new Map([['connects', { level: 'bad', says: expect.stringContaining('ECONNREFUSED') }]]),
  );
  expect(code).toBe(1);
});
