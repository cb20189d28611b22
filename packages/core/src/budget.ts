/**
 * The milliseconds that one operation may wait for its backend.
 *
 * Operations in one line share a clock, which runs only while one of them waits for the backend:
 * so standing behind a frozen call uses up the budget, and standing behind a slow `change` does not.
 */
export class Budget {
  readonly #clock: BackendClock;
  readonly #end: number;

  constructor(limit: number, clock: BackendClock = { spent: 0 }) {
    this.#clock = clock;
    this.#end = clock.spent + limit;
  }

  get left(): number {
    return this.#end - this.#clock.spent;
  }

  spend(milliseconds: number): void {
    this.#clock.spent += milliseconds;
  }
}

export interface BackendClock {
  spent: number;
}

/** Settles as `promise` does, or rejects with `late()` after so many milliseconds. */
export function within<T>(
  promise: PromiseLike<T>,
  milliseconds: number,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
