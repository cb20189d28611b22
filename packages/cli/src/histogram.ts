import { count } from './units.ts';

const LONGEST = 40;

/** A count for each of some ranges, which their upper ends tell apart. */
export class Histogram {
  readonly #ends: readonly (readonly [end: number, name: string])[];
  readonly #counts: number[];

  /** The last end has to be larger than all values. */
  constructor(ends: readonly (readonly [end: number, name: string])[]) {
    this.#ends = ends;
    this.#counts = ends.map(() => 0);
  }

  add(value: number): void {
    const index = this.#ends.findIndex(([end]) => value < end);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** The count of each range, by its name. */
  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#ends.map(([, name], i) => [name, this.#counts[i] ?? 0]));
  }

  /** A line with a bar for each range, without those at both ends that have nothing. */
  lines(): string[] {
    const first = this.#counts.findIndex((each) => each > 0);
    const last = this.#counts.findLastIndex((each) => each > 0);
    const most = Math.max(...this.#counts);
    return this.#ends.slice(first, last + 1).map(([, name], i) => {
      const value = this.#counts[first + i] ?? 0;
      const bar = '█'.repeat(Math.ceil((value / most) * LONGEST));
      return `  ${name.padStart(9)}  ${count(value).padStart(9)}  ${bar}`.trimEnd();
    });
  }
}

const [HOUR, DAY] = [3_600_000, 86_400_000];

/** Ranges of time, for milliseconds. */
export const TIMES: readonly (readonly [end: number, name: string])[] = [
  [60_000, '< 1 min'],
  [HOUR, '< 1 hour'],
  [DAY, '< 1 day'],
  [7 * DAY, '< 7 days'],
  [30 * DAY, '< 30 days'],
  [90 * DAY, '< 90 days'],
  [365 * DAY, '< 1 year'],
  [Infinity, 'more'],
];

/** Ranges of size, for bytes. */
export const SIZES: readonly (readonly [end: number, name: string])[] = [
  [100, '< 100 B'],
  [300, '< 300 B'],
  [1000, '< 1 kB'],
  [3000, '< 3 kB'],
  [10_000, '< 10 kB'],
  [30_000, '< 30 kB'],
  [100_000, '< 100 kB'],
  [1_000_000, '< 1 MB'],
  [Infinity, 'more'],
];
