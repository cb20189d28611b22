import { createHash } from 'node:crypto';

/** Remembers keys by 64 bits of their hash each, so that millions of them take little room. */
export class Seen {
  #slots = new BigUint64Array(1024);
  #count = 0;

  /** Whether the key is new. */
  add(key: string): boolean {
    const hash = createHash('sha1').update(key).digest().readBigUInt64LE() || 1n;
    const slot = this.#slotOf(hash);
    if (this.#slots[slot] === hash) return false;
    this.#slots[slot] = hash;
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    return true;
  }

  #slotOf(hash: bigint): number {
    const mask = this.#slots.length - 1;
    let slot = Number(hash & BigInt(mask));
    while (this.#slots[slot] !== 0n && this.#slots[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new BigUint64Array(old.length * 2);
    for (const hash of old) if (hash !== 0n) this.#slots[this.#slotOf(hash)] = hash;
  }
}
