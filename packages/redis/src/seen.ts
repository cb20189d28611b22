import { hash } from 'node:crypto';

/** Remembers keys by 64 bits of their hash each, so that millions of them take little room. */
export class Seen {
  #slots = new BigUint64Array(1024);
  #count = 0;

  /** Whether the key is new. */
  add(key: string): boolean {
    const name = hash('sha1', key, 'buffer').readBigUInt64LE() || 1n;
    const slot = this.#slotOf(name);
    if (this.#slots[slot] === name) return false;
    this.#slots[slot] = name;
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    return true;
  }

  #slotOf(name: bigint): number {
    const mask = this.#slots.length - 1;
    let slot = Number(name & BigInt(mask));
    while (this.#slots[slot] !== 0n && this.#slots[slot] !== name) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new BigUint64Array(old.length * 2);
    for (const name of old) if (name !== 0n) this.#slots[this.#slotOf(name)] = name;
  }
}
