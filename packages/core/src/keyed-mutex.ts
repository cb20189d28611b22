import { type Awaitable, when } from './awaitable.ts';
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
 * A mutex for each key. Tasks with the same key run one after another, in the order in which they
 * came. Tasks with other keys run at once. A key takes no memory once its tasks are over.
 */
export class KeyedMutex {
  readonly #queues = new Map<string, Queue>();

  /** The number of keys that have a task now. */
  get size(): number {
    return this.#queues.size;
  }

  /**
   * Runs `task` when the tasks ahead with this key are over. Settles as `task` does. A task that waits
   * for another task of its own key waits for ever.
   */
  async run<T>(key: string, task: () => T | Promise<T>): Promise<T> {
    const turn = await this.enter(key, Infinity);
    try {
      return await task();
    } finally {
      this.leave(key, turn);
    }
  }

  /**
   * The turn of this key, once those ahead have left, or a moment after the limit in milliseconds
   * has passed: so that a task waiting for one behind it does not wait for ever. The turn is given what
   * is left of the limit: a frozen backend ahead has used it up, and a slow task has not.
   * @internal
   */
  enter(key: string, limit: number): Awaitable<Deadline> {
    const ahead = this.#queues.get(key);
    const queue = ahead ?? new Queue();
    this.#queues.set(key, queue);
    const before = queue.spent;
    return when(ahead && turnIn(ahead, limit), () => {
      // Out of turn, too: those behind wait for this one then.
      queue.turn = new Deadline(limit - (queue.spent - before), queue);
      return queue.turn;
    });
  }

  /** @internal */
  leave(key: string, turn: Deadline): void {
    const queue = this.#queues.get(key);
    if (queue?.turn !== turn) return;
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
