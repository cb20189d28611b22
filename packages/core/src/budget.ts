/** The milliseconds in which at least one call has waited for the backend. */
export class BackendClock {
  #spent = 0;
  #waiting = 0;
  #since = 0;

  get spent(): number {
    return this.#spent + (this.#waiting > 0 ? performance.now() - this.#since : 0);
  }

  start(): void {
    if (this.#waiting++ === 0) this.#since = performance.now();
  }

  stop(): void {
    if (--this.#waiting === 0) this.#spent += performance.now() - this.#since;
  }
}

/**
 * The milliseconds that one operation may wait for its backend.
 *
 * While it stands in line the clock of the line counts, which those ahead run by their waiting: so
 * standing behind a frozen call uses up the budget, and standing behind a slow `change` does not.
 */
export class Budget {
  readonly #end: number;
  readonly #clock: BackendClock;
  readonly #line: BackendClock | undefined;

  constructor(limit: number, clock: BackendClock = new BackendClock(), line?: BackendClock) {
    this.#clock = clock;
    this.#line = line;
    this.#end = clock.spent + limit;
  }

  get left(): number {
    return this.#end - this.#clock.spent;
  }

  /** Counts from now on, until the function that it returns is called. */
  wait(): () => void {
    this.#clock.start();
    this.#line?.start();
    return () => {
      this.#clock.stop();
      this.#line?.stop();
    };
  }
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
