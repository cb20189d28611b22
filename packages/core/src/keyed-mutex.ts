import { Deadline, WaitingTime } from './deadline.ts';

// How much later than its limit a task goes on out of turn: by then the one ahead, if it is the
// backend that holds it up, has timed out and its time has been counted.
const GRACE = 50;

/** Those with one key: one has its turn, the others wait for it. */
class Queue extends WaitingTime {
  readonly waiting: (() => void)[] = [];
  turn: Deadline | undefined;
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
   * behind it does not wait for ever. The task is given what is left of the limit: a frozen backend
   * ahead has used it up, and a slow task has not.
   * @internal
   */
  async runWithin<T>(
    limit: number,
    key: string,
    task: (deadline: Deadline) => T | Promise<T>,
  ): Promise<T> {
    let queue = this.#queues.get(key);
    let left = limit;
    if (queue) {
      const before = queue.spent;
      await turnIn(queue, limit);
      left -= queue.spent - before;
    } else {
      queue = new Queue();
      this.#queues.set(key, queue);
    }
    const deadline = new Deadline(left, queue);
    queue.turn = deadline; // out of turn, too: those behind wait for this one then
    try {
      return await task(deadline);
    } finally {
      if (queue.turn === deadline) this.#passOn(key, queue);
    }
  }

  #passOn(key: string, queue: Queue): void {
    const next = queue.waiting.shift();
    if (next) next();
    else this.#queues.delete(key);
  }
}

/** Resolves when the turn has come, or a moment after the limit. */
function turnIn({ waiting }: Queue, limit: number): Promise<void> {
  return new Promise((resolve) => {
    const onTurn = () => {
      clearTimeout(timer);
      resolve();
    };
    const goOn = () => {
      waiting.splice(waiting.indexOf(onTurn), 1);
      resolve();
    };
    const timer = limit === Infinity ? undefined : setTimeout(goOn, limit + GRACE);
    waiting.push(onTurn);
  });
}
