import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { FullSessionStore } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { runAtOnce } from '../../../tooling/processes.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { newFolder } from '../../../tooling/temporary-folder.ts';
import { HistorySession } from '../src/index.ts';
import { textsOf } from './support.ts';

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

/** Gives messages to processes, all at once. Resolves with how each of them ended. */
const processes = (where: string[], ...messages: string[][]) =>
  runAtOnce(worker, ...messages.map((each) => [...where, ...each]));

const messagesOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

function declare(open: () => [where: string[], store: FullSessionStore]): void {
  test('two processes with 25 runs at once each lose nothing, and keep what both get once', async () => {
    const [where, store] = open();
    await using _ = store;
    const [one, two, both] = [messagesOf('one', 15), messagesOf('two', 15), messagesOf('both', 10)];
    expect(await processes(where, [...one, ...both], [...both, ...two])).toEqual([0, 0]);
    const items = textsOf(await new HistorySession(store, 'telegram:42').getItems());
    const asked = items.filter((_, n) => n % 2 === 0);
    expect(asked.toSorted()).toEqual([...one, ...two, ...both].sort());
    expect(items.filter((_, n) => n % 2 === 1)).toEqual(asked.map((text) => `answer to ${text}`));
    await store.clear();
  }, 120_000);

  test('a process that is killed in the middle of a turn leaves none of it, and the next one goes on', async () => {
    const [where, store] = open();
    await using _ = store;
    const session = new HistorySession(store, 'telegram:42');
    await session.addItems([{ role: 'user', content: 'before' }]);
    expect(await processes(where, ['message kills'])).toEqual(['SIGKILL']);
    expect(textsOf(await session.getItems())).toEqual(['before']);
    expect(await processes(where, ['message'])).toEqual([0]);
    expect(textsOf(await session.getItems())).toEqual(['before', 'message', 'answer to message']);
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
