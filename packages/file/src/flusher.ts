interface Flush {
  done: Promise<void>;
  /** Those who have come since it began: they share the next one. */
  next?: Promise<void>;
}

/** Flushes folders, each for several callers at once: what they did came before the flush began. */
export class Flusher {
  readonly #flush: (folder: string) => Promise<void>;
  readonly #running = new Map<string, Flush>();

  constructor(flush: (folder: string) => Promise<void>) {
    this.#flush = flush;
  }

  flush(folder: string): Promise<void> {
    const running = this.#running.get(folder);
    if (!running) return this.#begin(folder);
    const begin = () => this.#begin(folder);
    running.next ??= running.done.then(begin, begin);
    return running.next;
  }

  #begin(folder: string): Promise<void> {
    const flush: Flush = { done: this.#flush(folder) };
    this.#running.set(folder, flush);
    const end = () => {
      if (!flush.next) this.#running.delete(folder);
    };
    flush.done.then(end, end);
    return flush.done;
  }
}
