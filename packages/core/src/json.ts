import { isSessionError, SessionError } from './errors.ts';
import type { Session } from './session-store.ts';

/** How deep objects and arrays may be nested within a session. */
const MAX_DEPTH = 1000;

/**
 * How sessions come into records and out of them, so that nobody shares what is stored. A record
 * holds JSON text unless its driver has a codec of its own.
 */
export interface Codec<K = string> {
  /** Throws `INVALID_SESSION`, or `TOO_LARGE` for more than `maxBytes` of JSON text in UTF-8. */
  encode(session: Session, maxBytes: number): K;
  /** Throws an `Error`, which quotes nothing of it, for what no store has encoded. */
  decode(kept: K): Session;
}

/** Any session as `JSON.parse(JSON.stringify(session))` gives it. */
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
    if (partsOf(value, maxBytes) > maxBytes) throw tooLarge(maxBytes); // two bytes each, at least
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
 * How many objects and arrays it is made of, counted no further than to `most`. A few that refer to
 * each other can be a text that never ends, and one that refers to itself is deeper than any.
 */
function partsOf(value: unknown, most: number, depth = 0): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (typeof (value as Session).toJSON === 'function') return 0;
  if (depth > MAX_DEPTH) {
    throw invalid(`the session refers to itself, or is nested more than ${MAX_DEPTH} deep`);
  }
  let count = 1;
  for (const name in value) {
    count += partsOf((value as Session)[name], most - count, depth + 1);
    if (count > most) break;
  }
  return count;
}
