import { hash, randomUUID } from 'node:crypto';

const SLOTS = 1024; // of a table
const MOST = SLOTS * 0.85;

/** What a table held, while it is split. */
const spare = new Uint32Array(2 * SLOTS);

/**
 * Remembers keys by 64 bits of their hash each, so that millions of them take little room. They lie in
 * small tables, of which a full one is split in two: so nothing is ever outgrown and left to the collector.
 */
export class Seen {
  /** So that nobody can choose ids that all fall into one table. */
  readonly #seed = randomUUID();
  /** By the lowest bits of a hash; a table that needs fewer of them stands in several places. */
  #tables: Table[] = [new Table(1)];

  /** Whether the key is new. */
  add(key: string): boolean {
    const bytes = hash('sha1', this.#seed + key, 'buffer');
    const low = bytes.readUInt32LE(0) || 1;
    const high = bytes.readUInt32LE(4);
    const table = this.#tableOf(low);
    if (!table.add(low, high)) return false;
    if (table.count > MOST) this.#split(table, low);
    return true;
  }

  #tableOf(low: number): Table {
    return this.#tables[low & (this.#tables.length - 1)] as Table;
  }

  #split(table: Table, low: number): void {
    const { step } = table;
    if (step === this.#tables.length) this.#tables = this.#tables.concat(this.#tables);
    table.step *= 2;
    const other = new Table(table.step);
    const first = step + (low & (step - 1));
    for (let n = first; n < this.#tables.length; n += 2 * step) this.#tables[n] = other;
    for (const [some, more] of table.takeAll()) this.#tableOf(some).add(some, more);
  }
}

/** A hash table for a part of all hashes, open addressed. */
class Table {
  /** From one place where it stands to the next. */
  step: number;
  count = 0;
  /** Two halves of a hash each; the first of an empty slot is 0. */
  readonly #slots = new Uint32Array(2 * SLOTS);

  constructor(step: number) {
    this.step = step;
  }

  add(low: number, high: number): boolean {
    let at = (high % SLOTS) * 2;
    while (this.#slots[at] !== 0) {
      if (this.#slots[at] === low && this.#slots[at + 1] === high) return false;
      at = (at + 2) % this.#slots.length;
    }
    this.#slots[at] = low;
    this.#slots[at + 1] = high;
    this.count++;
    return true;
  }

  *takeAll(): Generator<[number, number]> {
    spare.set(this.#slots);
    this.#slots.fill(0);
    this.count = 0;
    for (let at = 0; at < spare.length; at += 2) {
      if (spare[at] !== 0) yield [spare[at] as number, spare[at + 1] as number];
    }
  }
}
