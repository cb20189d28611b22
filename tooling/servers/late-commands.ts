import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { FullSessionStore } from '../../packages/core/dist/index.js';
import { again } from '../calls.ts';
import { TcpProxy } from './tcp-proxy.ts';

const CALLS = 40;

/** Two stores of the same sessions, and what to close after them. */
export interface Subject {
  /** Reaches the server through the proxy. */
  readonly store: FullSessionStore;
  /** Sees the server itself. */
  readonly other: FullSessionStore;
  end(): Promise<void> | void;
}

/** What happens to the network while calls are on their way, and what is let through afterwards. */
const faults: Record<string, (proxy: TcpProxy) => Promise<() => void>> = {
  async cut(proxy) {
    await pause(1);
    proxy.cut();
    return () => {};
  },
  async swallowed(proxy) {
    await proxy.set('mute');
    await pause(50);
    await proxy.set('open');
    proxy.cut();
    return () => {};
  },
  async late(proxy) {
    await pause(100);
    await proxy.set('open');
    proxy.hangUp();
    return () => proxy.deliver();
  },
};

/** Declares a test for each fault of the network and each kind of client, which gets the proxy's URL. */
export function testLateCommands<Client>(
  serverUrl: string,
  clients: Record<string, (url: string) => Client>,
  subject: (client: Client) => Subject,
): void {
  const cases = Object.keys(clients).flatMap((client) =>
    Object.keys(faults).map((fault) => [fault, client] as const),
  );

  test.each(cases)(
    'when they are %s, with %s: change nothing after their call is over',
    async (fault, by) => {
      const proxy = await TcpProxy.to(serverUrl);
      const { store, other, end } = subject(clients[by]?.(proxy.url) as Client);
      await again(() => Promise.all([store.init(), other.init()]));
      const calls: ((id: string) => Promise<unknown>)[] = [
        (id) => store.write(id, { late: true }),
        (id) => store.destroy(id),
        (id) => store.update(id, () => ({ late: true })),
        (id) => store.update(id, () => null),
      ];
      const ids = Array.from({ length: CALLS }, (_, n) => String(n));
      // Half of them are there before.
      for (const id of ids) {
        if (Number(id) % 8 < 4) await store.write(id, { old: true });
        else await store.destroy(id);
      }
      if (fault === 'late') await proxy.set('held');
      const after = ids.map(async (id) => {
        await calls[Number(id) % calls.length]?.(id).catch(() => {});
        // Whatever became of it, it is over; what others do now, stays.
        if (Number(id) % 3 === 0) await other.destroy(id);
        else await other.write(id, { newer: id });
      });
      const deliver = await faults[fault]?.(proxy);
      await Promise.all(after);
      deliver?.();
      await pause(200);
      for (const id of ids) {
        expect([id, await other.read(id)]).toEqual([
          id,
          Number(id) % 3 === 0 ? null : { newer: id },
        ]);
      }
      await Promise.all([store.close(), other.close()]);
      await end();
      await proxy.stop();
    },
    20_000,
  );
}
