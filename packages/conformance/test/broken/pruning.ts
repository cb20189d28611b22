import type { InterruptOptions } from '@sessions/core';
import { PruningDriver } from '../fixtures/server.ts';
import { BreakableStore, type Broken, brokenDriver, brokenStore } from './broken.ts';

const PRUNE = 'prune removes what has expired, counts it, and leaves the rest';

export const brokenPruning: readonly Broken[] = [
  brokenStore(
    'prunes what is alive',
    ['prune removes what has expired, counts it, and leaves the rest'],
    class extends BreakableStore {
      override async prune(options?: InterruptOptions): Promise<number> {
        const pruned = await super.prune(options);
        if (pruned > 0) for await (const [id] of this.entries()) await this.destroy(id);
        return pruned;
      }
    },
  ),
  brokenStore(
    'counts what it did not prune',
    ['prune removes what has expired, counts it, and leaves the rest'],
    class extends BreakableStore {
      override async prune(options?: InterruptOptions): Promise<number> {
        return (await super.prune(options)) + (await this.all()).length;
      }
    },
  ),
  brokenStore(
    'prunes nothing',
    ['prune removes what has expired, counts it, and leaves the rest'],
    class extends BreakableStore {
      override async prune(): Promise<number> {
        return 0;
      }
    },
  ),

  brokenDriver(
    'prunes a millisecond too late',
    [PRUNE],
    class extends PruningDriver {
      override prune(now: number): Promise<number> {
        return super.prune(now - 1);
      }
    },
  ),
  brokenDriver(
    'prunes a millisecond too early',
    [PRUNE],
    class extends PruningDriver {
      override prune(now: number): Promise<number> {
        return super.prune(now + 1);
      }
    },
  ),
  brokenDriver(
    'prunes all there is, if anything has expired',
    [PRUNE],
    class extends PruningDriver {
      #isAny = false;

      protected override isDue(text: string, now: number): boolean {
        this.#isAny ||= super.isDue(text, now);
        return this.#isAny;
      }
    },
  ),
  brokenDriver(
    'prunes, and does not say how many',
    [PRUNE],
    class extends PruningDriver {
      override async prune(now: number): Promise<number> {
        while ((await super.prune(now)) > 0);
        return 0;
      }
    },
  ),
];
