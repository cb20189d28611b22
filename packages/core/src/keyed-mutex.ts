import { Deadline, WaitingTime } from './deadline.ts';

// How much later than its limit a task goes on out of turn: by then the one ahead, if it is the
// backend that holds it up, has timed out and its time has been counted.
const GRACE = 50;

/** Those with one key: the first has its turn, the others wait. */
class Queue extends WaitingTime {
  readonly waiting: (() => void)[] = [];
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
    let hasTurn = true;
    if (queue) {
      const before = queue.spent;
      hasTurn = await turnIn(queue, limit);
      left -= queue.spent - before;
    } else {
      queue = new Queue();
      this.#queues.set(key, queue);
    }
    try {
      return await task(new Deadline(left, queue));
    } finally {
      if (hasTurn) this.#passOn(key, queue);
    }
  }

  #passOn(key: string, queue: Queue): void {
    const next = queue.waiting.shift();
    if (next) next();
    else this.#queues.delete(key);
  }
}

/** Answers whether the turn has come, or the time is over. */
function turnIn({ waiting }: Queue, limit: number): Promise<boolean> {
  return new Promise((resolve) => {
    const onTurn = () => {
      clearTimeout(timer);
      resolve(true);
    };
    const goOn = () => {
      waiting.splice(waiting.indexOf(onTurn), 1);
      resolve(false);
    };
    const timer = limit === Infinity ? undefined : setTimeout(goOn, limit + GRACE);
    waiting.push(onTurn);
  });
}
