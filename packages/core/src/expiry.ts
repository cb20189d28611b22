/** One year of 365 days, in minutes. */
export const DEFAULT_EXPIRES_IN: number = 365 * 24 * 60;

// The last moment that a Date can hold. What would expire later never does.
const LAST_MOMENT = 8.64e15;

/** Throws a `TypeError` or `RangeError` unless `minutes` is a number above 0, `Infinity` included. */
export function checkExpiresIn(minutes: unknown): asserts minutes is number {
  if (typeof minutes !== 'number') {
    const got = minutes === null ? 'null' : `a ${typeof minutes}`;
    throw new TypeError(
      `expiresIn must be a number of minutes, not ${got}; 10 / 60 is ten seconds`,
    );
  }
  if (!(minutes > 0)) {
    throw new RangeError(
      `expiresIn must be more than 0 minutes, not ${minutes}; Infinity means never, undefined one year`,
    );
  }
}

/**
 * When a session written at `now` (milliseconds since 1970) expires: whole milliseconds, rounded
 * up, or `null` for never.
 */
export function expiryAt(now: number, minutes: number): number | null {
  if (!Number.isFinite(now)) throw new TypeError(`the clock returned ${now}`);
  // Less what dividing by 60,000 may have added: 119 / 60,000 minutes are 119 ms, no more.
  const at = Math.ceil(now) + Math.ceil(minutes * 60_000 * (1 - Number.EPSILON));
  return at <= LAST_MOMENT ? at : null;
}

/**
 * Whether a record has expired at `now`, in milliseconds since 1970. It has from `expiresAt` on,
 * that moment included.
 */
export function isExpired(record: { readonly expiresAt: number | null }, now: number): boolean {
  return record.expiresAt !== null && now >= record.expiresAt;
}

/**
 * What is left at `now` of the lifetime of a session with this `expiresAt`, both in milliseconds since
 * 1970: minutes, `Infinity` for never, and not more than 0 for what has expired.
 */
export function minutesLeft(expiresAt: number | null, now: number): number {
  return expiresAt === null ? Infinity : (expiresAt - now) / 60_000;
}
