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
 * When one operation has to be over. Only the time in which it waits for its backend counts.
 *
 * While it waits for its turn the clock of its queue counts, which those ahead run by their waiting:
 * so a frozen call ahead brings the deadline nearer, and a slow `change` ahead does not.
 */
export class Deadline {
  readonly #end: number;
  readonly #clock: BackendClock;
  readonly #queue: BackendClock | undefined;

  constructor(limit: number, clock: BackendClock = new BackendClock(), queue?: BackendClock) {
    this.#clock = clock;
    this.#queue = queue;
    this.#end = clock.spent + limit;
  }

  /** Milliseconds. */
  get left(): number {
    return this.#end - this.#clock.spent;
  }

  /** Counts from now on, until the function that it returns is called. */
  wait(): () => void {
    this.#clock.start();
    this.#queue?.start();
    return () => {
      this.#clock.stop();
      this.#queue?.stop();
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
