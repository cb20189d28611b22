// How times, sizes and texts are shown. The clock is the store's.

let offset = 0;

/** @param {number} storeNow */
export function setClock(storeNow) {
  offset = storeNow - Date.now();
}

/** Milliseconds since 1970, where the store is. */
export function now() {
  return Date.now() + offset;
}

/** @type {[number, string, string][]} */
const UNITS = [
  [365 * 86_400_000, 'y', 'year'],
  [86_400_000, 'd', 'day'],
  [3_600_000, 'h', 'hour'],
  [60_000, 'min', 'minute'],
  [1000, 's', 'second'],
];

/**
 * How many of the largest unit of which there are two, or of years from one on.
 * @param {number} ms
 */
function units(ms) {
  const found = UNITS.find(([size, unit]) => ms >= (unit === 'y' || unit === 's' ? 1 : 2) * size);
  const [size, unit, name] = found ?? [1000, 's', 'second'];
  return { count: Math.floor(Math.max(0, ms) / size), unit, name };
}

/**
 * A span of time: `3 min`.
 * @param {number} ms
 */
export function span(ms) {
  const { count, unit } = units(ms);
  return `${count} ${unit}`;
}

/**
 * The same in words: `3 minutes`.
 * @param {number} ms
 */
export function words(ms) {
  const { count, name } = units(ms);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/**
 * `in 3 minutes`, `3 minutes ago`.
 * @param {number} at
 */
export function fromNow(at) {
  const ms = at - now();
  if (Math.abs(ms) < 1000) return 'now';
  return ms > 0 ? `in ${words(ms)}` : `${words(-ms)} ago`;
}

/**
 * `2026-11-29 21:03:11`, in the reader's time zone.
 * @param {number} at
 */
export function date(at) {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return String(at);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${clock(at)}`;
}

/** @param {number} at */
export function clock(at) {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((n) => String(n).padStart(2, '0'))
    .join(':');
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** @param {number} n */
export function count(n) {
  return n.toLocaleString('en');
}

/**
 * The text with what cannot be seen written out, so that no two ids look alike and nothing turns the
 * direction of what follows. A joiner stays, as emoji have it.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    if (character === '\u200d') return character;
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

/**
 * Whether a number is a time, by its name and its size: 2001 to 2100, in milliseconds.
 * @param {string | number | undefined} name
 * @param {any} value
 */
export function isTime(name, value) {
  const isNamed = /(at|time|date|activity|until|since|expires)$/i.test(String(name));
  return isNamed && Number.isInteger(value) && value > 1e12 && value < 4.1e12;
}
