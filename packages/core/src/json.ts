import { constants } from 'node:buffer';
import { isSessionError, SessionError } from './errors.ts';
import type { Session } from './session-store.ts';

/** How deep objects and arrays may be nested within a session. */
const MAX_DEPTH = 1000;

// In a for-in loop V8 knows this call, which makes it faster than Object.hasOwn.
const hasOwn = Object.prototype.hasOwnProperty;

/**
 * Turns sessions into what records hold, and back, always as a copy. Records hold JSON text unless
 * the driver has a codec of its own.
 */
export interface Codec<K = string> {
  /** Throws `INVALID_SESSION`, or `TOO_LARGE` for more than `maxBytes` of JSON text in UTF-8. */
  encode(session: Session, maxBytes: number): K;
  /** Throws an `Error` for what no store has encoded. The error quotes nothing of it. */
  decode(kept: K): Session;
}

/** The default codec: any session comes back as `JSON.parse(JSON.stringify(session))` gives it. */
export const JSON_TEXT: Codec = { encode: toText, decode: fromText };

function toText(session: Session, maxBytes: number): string {
  const text = stringify(session, maxBytes);
  if (text?.[0] !== '{') throw invalid('a session is a JSON object');
  // At most three bytes for each UTF-16 unit: most texts need no counting.
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes) throw tooLarge(maxBytes);
  return text;
}

function fromText(text: string): Session {
  let session: unknown;
  try {
    session = JSON.parse(text);
  } catch {
    // The error would quote the text.
  }
  if (isObject(session)) return session;
  throw new Error('it is no JSON object');
}

/** A private copy of one value, or `undefined` for what JSON leaves out. Throws `INVALID_SESSION`. */
export function copyValue<T>(value: T): T {
  const text = stringify(value, Infinity);
  return text === undefined ? (undefined as T) : JSON.parse(text);
}

export function isObject(value: unknown): value is Session {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text, or an error without what `JSON.stringify` says of members in a cycle. */
function stringify(value: unknown, maxBytes: number): string | undefined {
  try {
    // V8 itself, given what is too long by far, ends the process.
    const most = Math.min(maxBytes, constants.MAX_STRING_LENGTH);
    // A byte each, at least. Text counts less, up to what V8 can hold: so a cycle is seen first.
    const perUnit = most / constants.MAX_STRING_LENGTH;
    if (partsOf(value, most, perUnit) > most) throw tooLarge(most);
    return JSON.stringify(value);
  } catch (error) {
    if (isSessionError(error)) throw error;
    const { name, message } = error instanceof Error ? error : new Error('');
    if (name === 'RangeError' && message.includes('string length')) throw tooLarge(maxBytes);
    const isCycle = /circular|cyclic/.test(message); // and it names members
    throw invalid('the session holds what JSON cannot', isCycle ? {} : { cause: error });
  }
}

function invalid(message: string, options?: { cause: unknown } | object): SessionError {
  return new SessionError('INVALID_SESSION', message, options);
}

function tooLarge(maxBytes: number): SessionError {
  return new SessionError('TOO_LARGE', `the session is larger than ${maxBytes} bytes of JSON text`);
}

/**
 * How many objects, arrays and elements of arrays it is made of, and `perUnit` for each UTF-16 unit of
 * text, counted no further than to `most`. A few that are there many times can be a text that never ends,
 * and one that refers to itself is deeper than any.
 */
function partsOf(value: unknown, most: number, perUnit: number, depth = 0): number {
  if (typeof value === 'string') return (value.length + 2) * perUnit;
  if (typeof value === 'number') return perUnit;
  if (typeof value !== 'object' || value === null) return 0;
  if (typeof (value as Session).toJSON === 'function' || value instanceof String) return 0;
  if (depth > MAX_DEPTH) {
    throw invalid(`the session refers to itself, or is nested more than ${MAX_DEPTH} deep`);
  }
  let count = Array.isArray(value) ? 1 + value.length : 1;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && count <= most; i++) {
      count += partsOf(value[i], most - count, perUnit, depth + 1);
    }
    return count;
  }
  const members = value as Session;
  for (const name in members) {
    if (count > most) break; // that is enough to know
    if (!hasOwn.call(members, name)) continue;
    const parts = partsOf(members[name], most - count, perUnit, depth + 1);
    if (parts > 0) count += name.length * perUnit + parts; // others may be left out
  }
  return count;
}
