import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Conversations, type FullSessionStore } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { until } from '../../../tooling/servers/server-process.ts';
import { exclusiveRuns, guarded, withLease } from '../src/index.ts';
import { Worker } from './processes.ts';

const folder = await mkdtemp(join(tmpdir(), 'sessions-lease-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const newName = () => `t${randomBytes(8).toString('hex')}`;
const ID = 'telegram:42';
const TTL = 400;
const LATE = 10_000; // what a busy machine may add
const LONG = 120_000;

function declare(kind: 'file' | 'redis', where: string): void {
  const opened: FullSessionStore[] = [];
  const open = (name: string) => {
    const store =
      kind === 'file'
        ? new FileSessionStore(join(where, name))
        : new RedisSessionStore(where, { prefix: name, onWarning: () => {} });
    opened.push(store);
    return store;
  };
  afterAll(async () => {
    for (const store of opened) {
      await store.clear();
      await store.close();
    }
  });
  const start = (...args: (string | number)[]) => new Worker(kind, where, ...args);

  test(
    'of 20 waiters in 4 processes all get through, and no two run at once',
    async () => {
      const [leases, counter] = [newName(), join(folder, newName())];
      open(leases);
      await writeFile(counter, '0');
      const workers = [1, 2, 3, 4].map(() => start('count', leases, counter, ID, 10, 5));
      await Promise.all(workers.map(({ ended }) => ended));
      expect(workers.map(({ lines }) => lines.length)).toEqual([50, 50, 50, 50]);
      expect(await readFile(counter, 'utf8')).toBe('200');
    },
    LONG,
  );

  test(
    'a holder that is killed leaves nothing but ttl',
    async () => {
      const [leases, sessions] = [newName(), newName()];
      const [store] = [open(leases), open(sessions)];
      const holder = start('hold', leases, sessions, ID, TTL);
      await holder.says('holds');
      holder.kill('SIGKILL');
      await holder.ended;
      const left = await store.readVersion(ID);
      if (left) expect(left.expiresAt).toBeLessThanOrEqual(Date.now() + TTL + 1);
      await until(async () => (await store.readVersion(ID)) === null, 'the end', TTL + LATE);
    },
    LONG,
  );

  test(
    'another one gets it from a holder that is killed, and not before',
    async () => {
      const [leases, sessions] = [newName(), newName()];
      const [store] = [open(leases), open(sessions)];
      const ttl = 2000; // so that a busy machine does not lose it
      const holder = start('hold', leases, sessions, ID, ttl);
      await holder.says('holds');
      let got: number | undefined;
      const wanted = withLease(store, ID, () => performance.now(), { ttl, wait: Infinity });
      void wanted.then((at) => {
        got = at;
      });
      const first = (await store.readVersion(ID))?.expiresAt ?? 0;
      await until(async () => Date.now() > first + ttl, 'the end of the first lifetime');
      expect(got).toBeUndefined();
      const killed = performance.now();
      holder.kill('SIGKILL');
      expect((await wanted) - killed).toBeLessThan(ttl + LATE);
      await until(async () => (await store.readVersion(ID)) === null, 'the end', ttl + LATE);
    },
    LONG,
  );

  test(
    'a holder that was stopped hears of it, and overwrites nothing',
    async () => {
      const [leases, sessions] = [newName(), newName()];
      const [store, bots] = [open(leases), open(sessions)];
      const holder = start('hold', leases, sessions, ID, TTL);
      const fence = Number((await holder.says('holds')).split(' ')[1]);
      holder.kill('SIGSTOP');
      const next = await withLease(
        store,
        ID,
        async (lease) => {
          const etag = (await bots.readVersion(ID))?.etag ?? null;
          await bots.write(ID, { by: 'test' }, { ifMatch: etag });
          return lease.fence;
        },
        { wait: LONG },
      );
      expect(next).toBeGreaterThan(fence);
      holder.tell();
      holder.kill('SIGCONT');
      await holder.ended;
      expect(holder.lines.slice(1)).toEqual(['CONFLICT not-applied', 'lost CONFLICT', 'result']);
      expect(await bots.read(ID)).toEqual({ by: 'test' });
    },
    LONG,
  );

  test(
    'nor does an exclusive run that was stopped, with a guarded store',
    async () => {
      const sessions = newName();
      const store = open(sessions);
      const { read, replace } = guarded(store);
      await store.write(ID, { by: 'nobody' });
      const holder = start('replace', sessions, ID, TTL);
      await holder.says('holds');
      holder.kill('SIGSTOP');
      await exclusiveRuns(store, { wait: LONG })(ID, async () => {
        const found = await read(ID);
        await replace(ID, () => ({ by: 'test', after: found?.by }));
      });
      holder.tell();
      holder.kill('SIGCONT');
      await holder.ended;
      expect(holder.lines).toEqual(['holds', 'CONFLICT not-applied']);
      expect(await store.read(ID)).toEqual({ by: 'test', after: 'nobody' });
    },
    LONG,
  );

  test(
    'handlers of one conversation never run at once',
    async () => {
      const [leases, sessions, log] = [newName(), newName(), join(folder, newName())];
      const [, bots] = [open(leases), open(sessions)];
      const workers = [1, 2, 3].map(() => start('converse', leases, sessions, ID, 20, log));
      await Promise.all(workers.map(({ ended }) => ended));
      expect(workers.flatMap(({ lines }) => lines)).toEqual(Array(60).fill('done'));
      expect(await bots.read(ID)).toEqual({ id: ID, _state: { n: 60 } });
      const notes = (await readFile(log, 'utf8')).trim().split('\n');
      expect(notes).toHaveLength(120);
      for (let i = 0; i < notes.length; i += 2) {
        expect(notes[i + 1]).toBe(notes[i]?.replace('begin', 'end'));
      }
    },
    LONG,
  );

  test(
    'a handler that was stopped gets CONFLICT, and the state of the other one stays',
    async () => {
      const [leases, sessions] = [newName(), newName()];
      const [store, bots] = [open(leases), open(sessions)];
      const holder = start('handle', leases, sessions, ID, TTL);
      await holder.says('holds');
      holder.kill('SIGSTOP');
      const conversations = new Conversations(
        bots,
        { by: null as string | null },
        { exclusive: (id, run) => withLease(store, id, run, { wait: LONG }) },
      );
      await conversations.run(ID, (conversation) => conversation.setState({ by: 'test' }));
      holder.tell();
      holder.kill('SIGCONT');
      await holder.ended;
      expect(holder.lines).toEqual(['holds', 'CONFLICT not-applied']);
      expect(await bots.read(ID)).toEqual({ id: ID, _state: { by: 'test' } });
    },
    LONG,
  );
}

describe('on files', () => declare('file', folder));

describeWith(await findRedis(), { describe, test }, 'on Redis', (server) => {
  declare('redis', server.url);
  afterAll(() => server.stop());
});
