import { once } from 'node:events';
import type { Writable } from 'node:stream';

const FULL = 16_384; // characters
const SOON = 100; // ms

/** Lines to a stream, some at a time, as fast as it takes them. */
export class Output {
  readonly #stream: Writable;
  readonly #signal: AbortSignal;
  readonly #before: () => void;
  #waiting = '';
  #timer: NodeJS.Timeout | undefined;

  /** `before` is called before something is written. */
  constructor(stream: Writable, signal: AbortSignal, before: () => void = () => {}) {
    this.#stream = stream;
    this.#signal = signal;
    this.#before = before;
  }

  /** Writes a line, now or soon. To be awaited: otherwise memory fills with what nobody reads. */
  line(text: string): Promise<void> | undefined {
    this.#waiting += `${text}\n`;
    if (this.#waiting.length >= FULL) return this.flush();
    // What was found is shown also while a store searches on and finds nothing.
    this.#timer ??= setTimeout(() => this.flush().catch(() => {}), SOON);
    return undefined;
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === '') return;
    const text = this.#waiting;
    this.#waiting = '';
    this.#before();
    if (!this.#stream.write(text)) await once(this.#stream, 'drain', { signal: this.#signal });
  }
}
