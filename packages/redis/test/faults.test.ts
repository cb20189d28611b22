import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionError } from '@sessions/core';
import { Redis } from 'ioredis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { ownRedis } from '../../../tooling/servers/redis.ts';
import type { ServerProcess } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { RedisSessionStore } from '../src/index.ts';
import { newPrefix, quiet } from './support.ts';

const SECONDS = process.env.SESSIONS_SOAK ? 300 : 6;
const LANES = 40;
const COUNTERS = 4;
const TIMEOUT = 2500;

type Session = Record<string, unknown>;

describeWith(ownRedis(), { describe, test }, 'under random faults', ({ start }) => {
  let server: ServerProcess;
  let proxies: TcpProxy[];
  let clients: Redis[];
  let stores: RedisSessionStore<Session>[];
  /** Sees the server itself. */
  let other: RedisSessionStore<Session>;

  beforeAll(async () => {
    server = await start(['--save', '']);
    proxies = await Promise.all([1, 2, 3].map(() => TcpProxy.to(server.url)));
    const [one, two, three] = proxies.map(({ port }) => port) as [number, number, number];
    // With the default settings ioredis sends again what it has no answer to.
    clients = [new Redis(one), new Redis(two, { retryStrategy: () => 1 })];
    for (const client of clients) client.on('error', () => {});
    const options = { ...quiet, prefix: newPrefix() };
    stores = [...clients, three].map(
      (given) => new RedisSessionStore<Session>(given, { ...options, timeout: TIMEOUT }),
    );
    other = new RedisSessionStore<Session>(server.port, { ...options, timeout: 20_000 });
    await Promise.all([...stores, other].map((store) => store.init()));
  });

  afterAll(async () => {
    await Promise.all([...stores, other].map((store) => store.close()));
    for (const client of clients) client.disconnect();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await server.stop();
  });

  const faults: ((proxy: TcpProxy) => Promise<void>)[] = [
    async (proxy) => proxy.cut(),
    async (proxy) => {
      await proxy.set('mute');
      await pause(Math.random() * 400);
      await proxy.set('open');
      proxy.cut();
    },
    async (proxy) => {
      await proxy.set('stuck');
      await pause(Math.random() * 1000);
      await proxy.set('open');
      proxy.cut();
    },
    async (proxy) => {
      await proxy.set('held');
      await pause(Math.random() * 1000);
      await proxy.set('open');
      proxy.hangUp();
      setTimeout(() => proxy.deliver(), Math.random() * 3000);
    },
    async () => {
      server.freeze();
      await pause(Math.random() * 500);
      server.thaw();
    },
  ];

  /** Runs the work, each over and over, while faults happen. */
  async function during(work: readonly (() => Promise<void>)[]): Promise<void> {
    const end = performance.now() + SECONDS * 1000;
    const isOver = () => performance.now() >= end;
    const chaos = async () => {
      while (!isOver()) {
        await pick(faults)(pick(proxies));
        await pause(Math.random() * 200);
      }
    };
    const repeat = async (each: () => Promise<void>) => {
      while (!isOver()) await each();
    };
    await Promise.all([chaos(), ...work.map(repeat)]);
  }

  test(
    'a call does what it says, and nothing once it is over',
    async () => {
      const wrong: string[] = [];
      let calls = 0;
      const lane = (id: string) => async () => {
        const name = String(calls++);
        const before = pick([null, { before: name }]);
        const after = pick([null, { after: name }]);
        const put = (session: Session | null) =>
          session ? other.write(id, session) : other.destroy(id);
        const expectThere = async (session: Session | null, what: string) => {
          const found = JSON.stringify(await other.read(id));
          if (found !== JSON.stringify(session)) wrong.push(`${what}: ${found}`);
        };
        await put(before);
        const store = pick(stores);
        const [call, result] = pick<[() => Promise<unknown>, Session | null]>([
          [() => store.write(id, { name }), { name }],
          [() => store.destroy(id), null],
          [() => store.update(id, () => ({ name })), { name }],
          [() => store.update(id, () => null), null],
          [() => store.touch(id), before],
        ]);
        const outcome = await call().then(
          () => 'applied',
          (error: SessionError) => error.outcome,
        );
        if (outcome === 'applied') await expectThere(result, `${call} resolved`);
        if (outcome === 'not-applied') await expectThere(before, `${call} was not applied`);
        await put(after);
        await pause(Math.random() * 60);
        await expectThere(after, `after ${call}, which was ${outcome}`);
      };
      await during(Array.from({ length: LANES }, (_, n) => lane(`lane:${n}`)));
      expect(wrong).toEqual([]);
      expect(calls).toBeGreaterThan(LANES);
    },
    SECONDS * 1000 + 60_000,
  );

  test(
    'updates are applied exactly once',
    async () => {
      let acknowledged = 0;
      let unknown = 0;
      await other.write('counter', { n: 0 });
      const count = async () => {
        const add = (session: Session | null) => ({ n: Number(session?.n) + 1 });
        await pick(stores)
          .update('counter', add)
          .then(
            () => acknowledged++,
            ({ outcome }: SessionError) => outcome === 'unknown' && unknown++,
          );
      };
      await during(Array.from({ length: COUNTERS }, () => count));
      await pause(TIMEOUT); // for what may come late
      const n = Number((await other.read('counter'))?.n);
      expect(n).toBeGreaterThanOrEqual(acknowledged);
      expect(n).toBeLessThanOrEqual(acknowledged + unknown);
      expect(acknowledged).toBeGreaterThan(0);
    },
    SECONDS * 1000 + 60_000,
  );
});

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}
