import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { FullSessionStore, SessionError } from '../../packages/core/dist/index.js';
import type { OwnServer } from './server-container.ts';
import type { TcpProxy } from './tcp-proxy.ts';

type Session = Record<string, unknown>;

/** A server that freezes at times, and stores that reach it through proxies that fail. */
export interface Subject {
  readonly server: Pick<OwnServer, 'freeze' | 'thaw'>;
  readonly proxies: readonly TcpProxy[];
  /** Each behind one of the proxies. */
  readonly stores: readonly FullSessionStore<Session>[];
  /** Holds the same sessions, sees the server itself, and waits for it long enough. */
  readonly other: FullSessionStore<Session>;
}

const LATEST = 3000; // ms until what was held back is delivered

const faults: ((subject: Subject) => Promise<void>)[] = [
  async ({ proxies }) => pick(proxies).cut(),
  async ({ proxies }) => {
    const proxy = pick(proxies);
    await proxy.set('mute');
    await pause(Math.random() * 400);
    await proxy.set('open');
    proxy.cut();
  },
  async ({ proxies }) => {
    const proxy = pick(proxies);
    await proxy.set('stuck');
    await pause(Math.random() * 1000);
    await proxy.set('open');
    proxy.cut();
  },
  async ({ proxies }) => {
    const proxy = pick(proxies);
    await proxy.set('held');
    await pause(Math.random() * 1000);
    await proxy.set('open');
    proxy.hangUp();
    setTimeout(() => proxy.deliver(), Math.random() * LATEST);
  },
  async ({ server }) => {
    await server.freeze();
    await pause(Math.random() * 500);
    await server.thaw();
  },
];

/** Declares the tests of what stores promise while faults happen for so many seconds each. */
export function testRandomFaults(subject: () => Subject, seconds: number, lanes: number): void {
  /** Runs the work, each over and over, while faults happen. */
  async function during(work: readonly (() => Promise<void>)[]): Promise<void> {
    const end = performance.now() + seconds * 1000;
    const isOver = () => performance.now() >= end;
    const chaos = async () => {
      while (!isOver()) {
        await pick(faults)(subject());
        await pause(Math.random() * 200);
      }
    };
    const repeat = async (each: () => Promise<void>) => {
      while (!isOver()) await each();
    };
    await Promise.all([chaos(), ...work.map(repeat)]);
  }

  test(
    'a call does what it says, and nothing once others have written',
    async () => {
      const { stores, other } = subject();
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
      await during(Array.from({ length: lanes }, (_, n) => lane(`lane:${n}`)));
      expect(wrong).toEqual([]);
      expect(calls).toBeGreaterThan(lanes);
    },
    seconds * 1000 + 60_000,
  );

  test(
    'updates are applied exactly once',
    async () => {
      const { stores, other } = subject();
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
      await during([count, count, count, count]);
      await pause(LATEST);
      const n = Number((await other.read('counter'))?.n);
      expect(n).toBeGreaterThanOrEqual(acknowledged);
      expect(n).toBeLessThanOrEqual(acknowledged + unknown);
      expect(acknowledged).toBeGreaterThan(0);
    },
    seconds * 1000 + 60_000,
  );
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}
