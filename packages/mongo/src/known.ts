/** What a document was when this process saw it last. */
export interface Version {
  readonly etags: readonly string[];
  /** Whether it is only kept free for a session. */
  readonly isReserved: boolean;
}

/** What this process knows of the sessions it had to do with last; `null` where nothing was. */
export class Known {
  readonly #versions = new Map<string, Version | null>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(id: string): Version | null | undefined {
    return this.#versions.get(id);
  }

  set(id: string, version: Version | null): void {
    this.#versions.delete(id); // so that it comes last
    this.#versions.set(id, version);
    if (this.#versions.size > this.#most) this.forget(this.#versions.keys().next().value as string);
  }

  forget(id: string): void {
    this.#versions.delete(id);
  }
}
