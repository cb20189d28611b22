import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { FullSessionStore } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { startProcess } from '../../../tooling/processes.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { newFolder } from '../../../tooling/temporary-folder.ts';
import { TranscriptStore } from '../src/index.ts';
import { KEY } from './support.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));
const COUNT = 100;

const start = (where: string[], name: string) => startProcess(worker, [...where, name, COUNT]);

function declare(open: () => [where: string[], store: FullSessionStore]): void {
  test('two processes append at once, one is killed and starts again: each entry is there once', async () => {
    const [where, store] = open();
    await using _ = store;
    const [one, two] = [start(where, 'one'), start(where, 'two')];
    await Promise.all([one.ready, two.ready]);
    const hasAppended = once(two.child.stdout, 'data');
    for (const { child } of [one, two]) child.stdin.write('go\n');
    await hasAppended;
    two.child.kill('SIGKILL');
    await two.ended;
    const again = start(where, 'two');
    await again.ready;
    again.child.stdin.write('go\n');
    await Promise.all([one.ended, again.ended]);
    expect([one, again].map(({ child }) => [child.exitCode, child.signalCode])).toEqual([
      [0, null],
      [0, null],
    ]);
    const uuids = ((await new TranscriptStore(store).load(KEY)) ?? []).map(({ uuid }) => uuid);
    for (const name of ['one', 'two', 'all']) {
      const expected = Array.from({ length: COUNT }, (_, n) => `${name}:${n}`);
      expect(uuids.filter((uuid) => uuid?.startsWith(`${name}:`))).toEqual(expected);
    }
    expect(uuids).toHaveLength(3 * COUNT);
    await store.clear();
  }, 120_000);
}

describe('on files', () => {
  declare(() => {
    const folder = newFolder();
    return [['file', folder, '-'], new FileSessionStore(folder)];
  });
});

describeWith(await findRedis(), { describe, test }, 'on Redis', (server) => {
  afterAll(() => server.stop());
  declare(() => {
    const prefix = server.namespace();
    const store = new RedisSessionStore(server.url, { prefix, onWarning: () => {} });
    return [['redis', server.url, prefix], store];
  });
});
