import { BackendClock, Budget } from './budget.ts';

// How much later than its budget a call goes on out of turn: by then the call ahead, if it is the
// backend that holds it up, has timed out and its time is on the clock.
const GRACE = 50;

interface Line {
  last: Promise<void> | undefined;
  readonly clock: BackendClock;
}

/** Lets tasks with the same key run one after another, in the order in which they came. */
export class Lines {
  readonly #lines = new Map<string, Line>();

  /** How many keys have a line just now. */
  get size(): number {
    return this.#lines.size;
  }

  /**
   * Runs `task` once those ahead have finished. With a `limit` in milliseconds it goes on out of
   * turn after that, so that a task waiting for one behind it does not wait for ever.
   * The task is given what is left of the limit as its budget.
   */
  async run<T>(
    key: string,
    task: (budget: Budget) => T | Promise<T>,
    limit: number = Infinity,
  ): Promise<T> {
    let line = this.#lines.get(key);
    if (!line) {
      line = { last: undefined, clock: new BackendClock() };
      this.#lines.set(key, line);
    }
    const budget = new Budget(limit, line.clock);
    const ahead = line.last;
    let leave: () => void = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    line.last = left;
    try {
      if (ahead) await (limit === Infinity ? ahead : settledOrAfter(ahead, limit + GRACE));
      return await task(new Budget(budget.left, undefined, line.clock));
    } finally {
      if (line.last === left) this.#lines.delete(key);
      leave();
    }
  }
}

function settledOrAfter(promise: Promise<void>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
