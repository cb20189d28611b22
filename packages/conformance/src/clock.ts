export const MINUTE = 60_000;
export const YEAR: number = 365 * 24 * 60 * MINUTE;

/**
 * A clock that stands still until it is moved. It starts at the real time and mostly goes forward,
 * and lifetimes are long, so that a backend which reclaims by its own clock never does so early.
 */
export class Clock {
  time: number = Date.now();

  readonly now = (): number => this.time;
}
