// Looks at one session again and again while it is open.
import { ask } from './api.js';

const EVERY = 2000; // ms between two looks
const LONGEST = 8000; // while there is no answer
const HIDDEN = 60_000; // while nobody sees the page

/** @typedef {import('./session.js').Version} Version */
/** @typedef {import('./api.js').Failure} Failure */

export class Watch {
  #id;
  #on;
  #wait = EVERY;
  #reading = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {string} id
   * @param {{
   *   etag: () => string | null | undefined,
   *   answered: () => void,
   *   found: (version: Version) => void,
   *   missed: (error: Failure) => void,
   * }} on `etag` names the version that is known: `found` hears of others
   */
  constructor(id, on) {
    this.#id = id;
    this.#on = on;
    void this.look();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#reading.abort();
  }

  /** Looks now, and goes on. */
  async look() {
    this.stop();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    try {
      const found = await ask('session', { id: this.#id, etag: this.#on.etag() }, { signal });
      if (signal.aborted) return;
      this.#wait = EVERY;
      this.#on.answered();
      if (!found.same) this.#on.found(found);
    } catch (caught) {
      if (signal.aborted) return;
      const error = /** @type {Failure} */ (caught);
      const isAnswer = error.code === 'ABSENT' || error.code === 'CORRUPT';
      this.#wait = isAnswer ? EVERY : Math.min(this.#wait * 2, LONGEST);
      if (isAnswer) this.#on.answered();
      this.#on.missed(error);
    }
    const wait = document.hidden ? HIDDEN : this.#wait;
    this.#timer = setTimeout(() => this.look(), wait);
  }
}
