/** The milliseconds in which at least one call has waited for the backend. */
export class WaitingTime {
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

/** When one operation has to be over. Only the time in which it waits for its backend counts. */
export class Deadline extends WaitingTime {
  readonly #limit: number;
  readonly #queue: WaitingTime | undefined;

  /** Whatever waits runs the time of the `queue` as well. */
  constructor(limit: number, queue?: WaitingTime) {
    super();
    this.#limit = limit;
    this.#queue = queue;
  }

  /** Milliseconds. */
  get left(): number {
    return this.#limit - this.spent;
  }

  override start(): void {
    super.start();
    this.#queue?.start();
  }

  override stop(): void {
    super.stop();
    this.#queue?.stop();
  }
}
