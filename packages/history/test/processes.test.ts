import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findPostgres } from '../../../tooling/servers/postgres.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { until } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { openMongo } from '../../mongo/test/server.ts';
import { nodeFor, Worker } from './processes.ts';

const ID = 'telegram:42';
const LONG = 180_000; // a busy machine
const OPERATIONS = 12; // of each process
const KILLS = 2;
const CUTS = 4; // of the connections of all of them
const folder = await mkdtemp(join(tmpdir(), 'sessions-history-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Appends all of one process's operations, which is killed on the way, and starts again. */
async function appendAll(who: string, start: (...args: (string | number)[]) => Worker) {
  let from = 0;
  for (let killed = 0; ; killed++) {
    const worker = start('append', ID, who, from, OPERATIONS);
    if (killed === KILLS) {
      for (const line of await worker.done()) expect(line).toMatch(/^acknowledged/);
      return;
    }
    // On a busy machine one may have done more before it was killed.
    await worker.says(
      'acknowledged',
      Math.min(1 + Math.floor(Math.random() * 6), OPERATIONS - from),
    );
    await pause(Math.random() * 8);
    await worker.kill();
    for (const line of worker.lines) {
      expect(line).toMatch(/^acknowledged/);
      from = Math.max(from, Number(line.split(' ')[1]) + 1);
    }
  }
}

/** After each few acknowledgements answers get lost, and then the connections break. */
async function disturb(proxy: TcpProxy, acknowledged: () => number): Promise<void> {
  for (let cut = 1; cut <= CUTS; cut++) {
    const due = (cut * 3 * OPERATIONS) / CUTS;
    await until(() => acknowledged() >= due, `acknowledgement ${due}`, LONG);
    await proxy.set('mute');
    await pause(Math.random() * 30);
    proxy.cut();
    await proxy.set('open');
  }
}

const expected = ['a', 'b', 'c', 'd'].flatMap((who) =>
  Array.from({ length: OPERATIONS }, (_, n) =>
    [0, 1].slice(0, n % 3 === 0 ? 2 : 1).map((part) => `${who} ${n} ${part}`),
  ).flat(),
);

function declare(kind: string, near: string, farOf?: (port: number) => string): void {
  const nameOf = () => `t${randomBytes(8).toString('hex')}`;

  test(
    `four processes that are killed, repeat${farOf ? ', lose answers' : ''} and append each item once`,
    async () => {
      const name = nameOf();
      const proxy = farOf && (await TcpProxy.to(near));
      const far = (proxy && farOf?.(proxy.port)) ?? near;
      const watcher = new Worker(kind, near, name, 'watch', ID);
      const started: Worker[] = [];
      const start = (...args: (string | number)[]) => {
        const worker = new Worker(kind, far, name, ...args);
        started.push(worker);
        return worker;
      };
      const said = () => started.reduce((count, { lines }) => count + lines.length, 0);
      const disturbed = proxy && disturb(proxy, said);
      await Promise.all(['a', 'b', 'c', 'd'].map((who) => appendAll(who, start)));
      await disturbed;
      watcher.tell();
      expect((await watcher.done()).join()).toMatch(/^sees,read/);

      const readers = [1, 2].map(() => new Worker(kind, near, name, 'read', ID));
      const [one, two] = (await Promise.all(readers.map((reader) => reader.done()))).map(
        ([line = '']) => JSON.parse(line),
      );
      expect(two.names).toEqual(one.names);
      expect(one.names.toSorted()).toEqual(expected.toSorted());
      for (const who of ['a', 'b', 'c', 'd']) {
        const isOf = (item: string) => item.startsWith(who);
        expect(one.names.filter(isOf)).toEqual(expected.filter(isOf));
      }
      for (const [n, item] of one.names.entries()) {
        if (item.endsWith(' 1')) expect(one.names[n - 1]).toBe(item.replace(/1$/, '0'));
      }
      expect([one.verified.damaged, two.verified.damaged]).toEqual([[], []]);
      expect(two.again.removed).toBe(0);
      await new Worker(kind, near, name, 'clear').done();
      await proxy?.stop();
    },
    LONG,
  );

  test(
    'what four processes append, pop and replace at once comes and goes once',
    async () => {
      const name = nameOf();
      const workers = ['a', 'b', 'c', 'd'].map(
        (who) => new Worker(kind, near, name, 'mix', ID, who, 6),
      );
      const lines = (await Promise.all(workers.map((worker) => worker.done()))).flat();
      const [line = ''] = await new Worker(kind, near, name, 'read', ID).done();
      const { names, verified } = JSON.parse(line);
      const gone = lines.filter((each) => each.startsWith('went ')).map((each) => each.slice(5));
      const came = lines.filter((each) => each.startsWith('came ')).map((each) => each.slice(5));
      expect([...gone, ...names].toSorted()).toEqual(came.toSorted());
      expect(verified.damaged).toEqual([]);
      await new Worker(kind, near, name, 'clear').done();
    },
    LONG,
  );
}

describe('on files', () => declare('file', folder));

const node = nodeFor('sqlite') ?? { reason: 'no Node from 22.13 on' };
describeWith(typeof node === 'string' ? { node } : node, { describe, test }, 'on SQLite', () =>
  declare('sqlite', folder),
);

describeWith(await findRedis(), { describe, test }, 'on Redis', (server) => {
  declare('redis', server.url, (port) => `redis://127.0.0.1:${port}`);
  afterAll(() => server.stop());
});

describeWith(await openMongo(), { describe, test }, 'on MongoDB', (server) => {
  declare('mongo', server.direct(), (port) => server.direct(port));
  afterAll(() => server.stop());
});

describeWith(await findPostgres(), { describe, test }, 'on PostgreSQL', (server) => {
  declare('postgres', server.url, (port) => {
    const url = new URL(server.url);
    url.host = `127.0.0.1:${port}`;
    return url.href;
  });
  afterAll(() => server.stop());
});
