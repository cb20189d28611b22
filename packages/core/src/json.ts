import { types } from 'node:util';
import { isSessionError, SessionError } from './errors.ts';
import type { Session } from './session-store.ts';

/** How deep objects and arrays may be nested. */
const MAX_DEPTH = 1000;

// What one unit of `Size.least` can become in JSON text at most: the 25 characters of a number.
const MOST_BYTES_PER_UNIT = 25;

// In a for-in loop V8 knows this call, which makes it faster than Object.hasOwn.
const hasOwn = Object.prototype.hasOwnProperty;

/** The size of what has been copied so far: at least so many bytes of JSON text. */
interface Size {
  least: number;
  readonly limit: number;
}

/**
 * A private copy of the session, equal to `JSON.parse(JSON.stringify(session))` and several times
 * faster for plain data. Throws `INVALID_SESSION` or `TOO_LARGE`.
 */
export function copyIn<S extends Session>(session: S, maxBytes: number): S {
  const size: Size = { least: 0, limit: maxBytes };
  const copy = plain(session, size);
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy)) {
    throw new SessionError('INVALID_SESSION', 'a session is a JSON object');
  }
  if (size.least > maxBytes) throw tooLarge(maxBytes); // before making a text of it
  // Most sessions are too small to need measuring.
  if (size.least * MOST_BYTES_PER_UNIT > maxBytes && !fits(copy, maxBytes))
    throw tooLarge(maxBytes);
  return copy as S;
}

/** A private copy of one value, or `undefined` for what JSON leaves out. Throws `INVALID_SESSION`. */
export function copyValue(value: unknown): unknown {
  return plain(value, { least: 0, limit: Infinity });
}

/** A private copy of plain JSON, such as `copyIn` returns. */
export function copyOut<T extends object>(value: T, depth = 0): T {
  if (Array.isArray(value)) {
    const copy = value.slice();
    for (let i = 0; i < copy.length; i++) {
      if (isObject(copy[i])) copy[i] = copyOut(copy[i], depth + 1);
    }
    return copy as T;
  }
  const copy: Session = clone(value, depth);
  for (const key in copy) {
    const member = copy[key];
    // The key is there already, so `__proto__` is a member like any other.
    if (isObject(member) && hasOwn.call(copy, key)) copy[key] = copyOut(member, depth + 1);
  }
  return copy as T;
}

// V8 copies an object as a whole where this place in the code has seen no more than four shapes of
// objects, and member by member elsewhere: hence a place for each depth.
function clone<T extends object>(value: T, depth: number): T {
  switch (depth) {
    case 0:
      return { ...value };
    case 1:
      return { ...value };
    case 2:
      return { ...value };
    case 3:
      return { ...value };
    default:
      return { ...value };
  }
}

/** Sets an own property whatever its name: `object.__proto__ = …` would set the prototype. */
export function define(object: Session, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

function fits(value: object, maxBytes: number): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(value)) <= maxBytes;
  } catch (error) {
    if (isTooLongForText(error)) return false;
    throw error;
  }
}

function isTooLongForText(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('string length');
}

function plain(value: unknown, size: Size): unknown {
  try {
    return toJson(value, '', 0, size);
  } catch (cause) {
    if (isSessionError(cause)) throw cause;
    if (isTooLongForText(cause)) throw tooLarge(size.limit);
    const isCycle = cause instanceof TypeError && /circular|cyclic/.test(cause.message);
    const why = isCycle ? {} : { cause }; // the message about a cycle names members
    throw new SessionError('INVALID_SESSION', 'the session holds what JSON cannot', why);
  }
}

// The commonest types come first: this is the hot path of every write.
function toJson(value: unknown, key: string | number, depth: number, size: Size): unknown {
  if (typeof value === 'string') {
    size.least += value.length + 2;
    return value;
  }
  if (typeof value === 'object') {
    return value === null ? null : objectToJson(value, key, depth, size);
  }
  if (typeof value === 'number') {
    size.least += 1;
    return Number.isFinite(value) ? value + 0 : null; // -0 + 0 is 0
  }
  if (typeof value === 'boolean') return value;
  if (typeof value === 'undefined' || typeof value === 'symbol') return undefined;
  return asJsonDoes(value, key, depth, size); // a function or a bigint, which may have a toJSON
}

function objectToJson(value: object, key: string | number, depth: number, size: Size): unknown {
  if (depth > MAX_DEPTH) {
    throw new SessionError(
      'INVALID_SESSION',
      `the session refers to itself, or is nested more than ${MAX_DEPTH} deep`,
    );
  }
  if (typeof (value as Session).toJSON === 'function') {
    return asJsonDoes(value, key, depth, size);
  }
  if (types.isBoxedPrimitive(value)) return asJsonDoes(value, key, depth, size);
  size.least += Array.isArray(value) && value.length > 0 ? value.length + 1 : 2; // with the commas
  if (size.least > size.limit) throw tooLarge(size.limit);
  if (Array.isArray(value)) {
    const copy = new Array<unknown>(value.length); // an array that grows takes more than it needs
    for (let i = 0; i < copy.length; i++) {
      copy[i] = toJson(value[i], i, depth + 1, size) ?? null;
    }
    return copy;
  }
  const copy: Session = {};
  for (const name in value) {
    if (!hasOwn.call(value, name)) continue;
    const member = toJson((value as Session)[name], name, depth + 1, size);
    if (member === undefined) continue;
    size.least += name.length + 3;
    // What `Object.prototype` has too may be a setter there, or frozen; as `__proto__` always is.
    if (name in copy) define(copy, name, member);
    else copy[name] = member;
  }
  return copy;
}

// What is not plain goes through JSON itself: no rule of its own to get wrong.
function asJsonDoes(value: unknown, key: string | number, depth: number, size: Size): unknown {
  const text: string = JSON.stringify({ [key]: value });
  return toJson(Object.values(JSON.parse(text))[0], key, depth, size);
}

function tooLarge(limit: number): SessionError {
  return new SessionError('TOO_LARGE', `the session is larger than ${limit} bytes of JSON text`);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
