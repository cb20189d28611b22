import { BackendClock, Deadline } from './deadline.ts';

// How much later than its limit a task goes on out of turn: by then the one ahead, if it is the
// backend that holds it up, has timed out and its time is on the clock.
const GRACE = 50;

interface Queue {
  last: Promise<void> | undefined;
  readonly clock: BackendClock;
}

/**
 * A mutex for each key: tasks with the same key run one after another, in the order in which they
 * came, and others at once. A key takes no room once its tasks are over.
 */
export class KeyedMutex {
  readonly #queues = new Map<string, Queue>();

  /** How many keys have a task just now. */
  get size(): number {
    return this.#queues.size;
  }

  /**
   * Runs `task` once those ahead with this key are over, and settles as it does. A task that
   * waits for another one of its own key waits for ever.
   */
  run<T>(key: string, task: () => T | Promise<T>): Promise<T> {
    return this.runWithin(Infinity, key, task);
  }

  /**
   * With a `limit` in milliseconds: goes on out of turn after that, so that a task waiting for one
   * behind it does not wait for ever. The task is given what is left of the limit.
   * @internal
   */
  async runWithin<T>(
    limit: number,
    key: string,
    task: (deadline: Deadline) => T | Promise<T>,
  ): Promise<T> {
    let queue = this.#queues.get(key);
    if (!queue) {
      queue = { last: undefined, clock: new BackendClock() };
      this.#queues.set(key, queue);
    }
    const deadline = new Deadline(limit, queue.clock);
    const ahead = queue.last;
    let leave: () => void = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    queue.last = left;
    try {
      if (ahead) await (limit === Infinity ? ahead : settledOrAfter(ahead, limit + GRACE));
      return await task(new Deadline(deadline.left, undefined, queue.clock));
    } finally {
      if (queue.last === left) this.#queues.delete(key);
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
