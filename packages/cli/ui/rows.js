// What is listed, in columns: a million rows are some 80 MB. More are not taken.

/** The most rows of one list, or a few more; 20 bits number them. */
export const LIMIT = 1_000_000;

/** @typedef {'active' | 'expires' | 'size' | 'id' | 'stored'} Order */
/** @typedef {{ id: string | null, hash?: string, size: number, active: number | null, expires: number | null }} Row */

export class Rows {
  /** @type {string[]} */
  #ids = [];
  #size = new Float64Array(1024);
  #active = new Float64Array(1024);
  #expires = new Float64Array(1024);
  /** @type {Map<number, { hash: string, isNamed: boolean }>} */
  #corrupt = new Map();

  get length() {
    return this.#ids.length;
  }

  /** How many records cannot be read. */
  get unreadable() {
    return this.#corrupt.size;
  }

  /** @param {[string, number, number | null, number | null]} line */
  add([id, size, active, expires]) {
    if (this.length === this.#size.length) this.#grow();
    this.set(this.length, id, size, active, expires);
  }

  /** @param {{ corrupt: string | null, id?: string }} line */
  addCorrupt({ corrupt, id }) {
    this.#corrupt.set(this.length, { hash: corrupt ?? 'not known', isNamed: id !== undefined });
    this.add([id ?? '', 0, null, null]);
  }

  /**
   * @param {number} n
   * @param {string} id
   * @param {number} size
   * @param {number | null} active
   * @param {number | null} expires
   */
  set(n, id, size, active, expires) {
    this.#ids[n] = id;
    this.#size[n] = size;
    this.#active[n] = active ?? -Infinity;
    this.#expires[n] = expires ?? Infinity;
  }

  /**
   * @param {number} n
   * @returns {Row}
   */
  at(n) {
    const finite = (/** @type {number | undefined} */ value = NaN) =>
      Number.isFinite(value) ? value : null;
    const corrupt = this.#corrupt.get(n);
    return {
      id: corrupt && !corrupt.isNamed ? null : (this.#ids[n] ?? null),
      ...(corrupt && { hash: corrupt.hash }),
      size: this.#size[n] ?? 0,
      active: finite(this.#active[n]),
      expires: finite(this.#expires[n]),
    };
  }

  /** @param {string} id */
  find(id) {
    return this.#ids.indexOf(id);
  }

  /** The times of the last activity; -Infinity where a session has none. */
  get activity() {
    return this.#active.subarray(0, this.length);
  }

  /**
   * The numbers of the rows in this order, what cannot be read first.
   * @param {Order} order
   */
  ordered(order) {
    const { length } = this;
    if (order === 'id') {
      const ids = this.#ids;
      const numbers = Uint32Array.from({ length }, (_, n) => n);
      return this.#corruptFirst(numbers.sort((a, b) => (textOf(ids, a) < textOf(ids, b) ? -1 : 1)));
    }
    if (order === 'stored') {
      return this.#corruptFirst(Uint32Array.from({ length }, (_, n) => n));
    }
    const keys = { active: this.#active, expires: this.#expires, size: this.#size }[order];
    return this.#corruptFirst(byKey(keys.subarray(0, length), order !== 'expires'));
  }

  /** @param {Uint32Array} numbers */
  #corruptFirst(numbers) {
    if (this.#corrupt.size === 0) return numbers;
    const first = [...this.#corrupt.keys()];
    const others = numbers.filter((n) => !this.#corrupt.has(n));
    const all = new Uint32Array(numbers.length);
    all.set(first);
    all.set(others, first.length);
    return all;
  }

  #grow() {
    const longer = (/** @type {Float64Array} */ old) => {
      const array = new Float64Array(old.length * 2);
      array.set(old);
      return array;
    };
    this.#size = longer(this.#size);
    this.#active = longer(this.#active);
    this.#expires = longer(this.#expires);
  }
}

/**
 * Numbers of rows by their keys. Each key becomes 32 bits of a number whose other 20 bits name the row,
 * so that no function need compare: a million take a tenth of a second.
 * @param {Float64Array} keys
 * @param {boolean} isDescending
 */
function byKey(keys, isDescending) {
  let least = Infinity;
  let most = -Infinity;
  for (const key of keys) {
    if (!Number.isFinite(key)) continue;
    if (key < least) least = key;
    if (key > most) most = key;
  }
  const scale = most > least ? (2 ** 32 - 3) / (most - least) : 0;
  const packed = keys.map((key, n) => {
    const inside = Number.isFinite(key) ? 1 + Math.floor((key - least) * scale) : 0;
    const rank = key === Infinity ? 2 ** 32 - 1 : inside;
    return (isDescending ? 2 ** 32 - 1 - rank : rank) * 2 ** 20 + n;
  });
  return Uint32Array.from(packed.sort(), (value) => value % 2 ** 20);
}

/**
 * @param {string[]} ids
 * @param {number} n
 */
function textOf(ids, n) {
  return /** @type {string} */ (ids[n]);
}
