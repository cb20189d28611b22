import { expect } from '@jest/globals';
import { isSoak, report, testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../../src/index.ts';
import { forEach, targets, traced } from './trace.ts';

// Its lease, after which others may take a lock, is a quarter of it.
const timeout = 2000;
const CHANGING = /^(link|mkdir|chmod|fchmod|rename|openat|fsync|unlink|rmdir|pwrite64|utimensat)$/;

testWith(
  ['linux', 'root', 'strace'],
  'a writer stopped at any system call of an update holds nobody up and overwrites nothing',
  async () => {
    const prepare = async () => {
      const folder = await temporaryFolder();
      await new FileSessionStore(folder).write('a', { n: 0 });
      return folder;
    };
    const { calls } = await traced(await prepare(), { timeout }, ['add', 'a'], undefined);
    const chosen = targets(calls).filter(({ name }) => isSoak || CHANGING.test(name));
    let stopped = 0;
    let overtaken = 0;

    await forEach(chosen, async (call) => {
      const folder = await prepare();
      // It waits for the lease, and then for a disk that may be busy.
      const store = new FileSessionStore<{ n: number }>(folder, { timeout: 15_000 });
      let wasStopped = false;
      let isOvertaken = false;
      let stoppedFor = 0;
      const { worker } = await traced(
        folder,
        { timeout },
        ['add', 'a'],
        { call, effect: 'signal=SIGSTOP' },
        async () => {
          wasStopped = true;
          stopped++;
          const start = performance.now();
          const before = await store.read('a');
          await store.update('a', (session) => ({ n: (session?.n ?? 0) + 1 }));
          isOvertaken = before?.n === 0;
          stoppedFor = performance.now() - start;
        },
      );
      if (isOvertaken) overtaken++;
      // Its own change is made again, on top, or it knows that it was not. On a machine so slow that
      // it was stopped for most of its time, it may have had none left to find out.
      const context = { call, lines: worker.lines, stoppedFor };
      const [line = ''] = worker.lines;
      const own = line === 'acknowledged' ? 1 : 0;
      const outcomes = stoppedFor > timeout / 2 ? /not-applied|unknown/ : /not-applied/;
      if (own === 0)
        expect({ context, line }).toEqual({ context, line: expect.stringMatching(outcomes) });
      const { n } = (await store.read('a')) ?? { n: 0 };
      const possible = line.includes('unknown') ? [n - 1, n] : [n];
      expect({ context, possible }).toEqual({
        context,
        possible: expect.arrayContaining([own + (wasStopped ? 1 : 0)]),
      });
    });
    expect(overtaken).toBeGreaterThan(10);
    report(
      `stopped at ${stopped} calls of an update; another process changed the session first ` +
        `${overtaken} times; changes lost: 0`,
    );
  },
  isSoak ? 600_000 : 120_000,
);

testWith(
  ['linux', 'root', 'strace'],
  'a creation that hangs in the file system does not bring back what another process has destroyed',
  async () => {
    const operation = ['write', 'a', { late: true }] as const;
    const hasty = { timeout: 600 };
    const prepare = async () => {
      const folder = await temporaryFolder();
      await new FileSessionStore(folder).write('other', {});
      return folder;
    };
    const { calls } = await traced(await prepare(), hasty, operation, undefined);
    const chosen = targets(calls).filter(({ name }) => isSoak || /^(link|rename)$/.test(name));
    let given = 0;

    await forEach(chosen, async (call) => {
      const folder = await prepare();
      const store = await new FileSessionStore(folder).init(); // now, as it clears away locks
      const fault = { call, effect: 'delay_enter=2500000' };
      let isDestroyed = false;
      const { worker } = await traced(folder, hasty, operation, fault, async () => {
        await store.destroy('a');
        isDestroyed = true;
      });
      expect(worker.lines).toEqual([expect.stringMatching(/^rejected TIMEOUT/)]);
      if (isDestroyed) given++;
      expect({ call, found: await store.read('a') }).toEqual({ call, found: null });
    });
    expect(given).toBeGreaterThan(1);
    report(`gave up ${given} calls of a creation, and destroyed it meanwhile: came back 0 times`);
  },
  isSoak ? 600_000 : 120_000,
);
