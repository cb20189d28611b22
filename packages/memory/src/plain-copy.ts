import { constants } from 'node:buffer';
import { type Codec, JSON_TEXT, type Session } from '@sessions/core';

// Copying plain data is several times faster than making a text of it and reading that.

/** Deeper than this, JSON text decides whether it is too deep. */
const DEEP = 100;

// What one unit of `Room.left` can become in JSON text at most: the 25 characters of a number.
const MOST_BYTES_PER_UNIT = 25;

/** An object that gets more members than this one by one becomes a hash table, slow to copy. */
const FEW = 12;

// In a for-in loop V8 knows this call, which makes it faster than Object.hasOwn.
const hasOwn = Object.prototype.hasOwnProperty;

/** What may still be copied. Each unit is at least one byte of JSON text. */
interface Room {
  left: number;
}

/** What is no plain data, and so for JSON itself to decide on. */
const NOT_PLAIN: unique symbol = Symbol('not plain');

/** Sessions as objects of plain data, copied on their way in and out. */
export const PLAIN_COPY: Codec<Session> = {
  encode(session, maxBytes) {
    const room = { left: Math.min(maxBytes, constants.MAX_STRING_LENGTH) / MOST_BYTES_PER_UNIT };
    try {
      const isOne = isObject(session) && !Array.isArray(session);
      const copy = isOne ? plain(session, 0, room) : NOT_PLAIN;
      if (copy !== NOT_PLAIN && room.left >= 0) return copy as Session;
    } catch {
      // A getter or a proxy threw. It does so again below.
    }
    return JSON.parse(JSON_TEXT.encode(session, maxBytes));
  },
  decode: (kept) => copyOf(kept, 0),
};

/** What is kept: has no prototype to speak of, so that any name can be assigned, `__proto__` too. */
class Kept {
  [name: string]: unknown;
}
Object.setPrototypeOf(Kept.prototype, null);

/** The copy that `JSON.parse(JSON.stringify(value))` would be, or `NOT_PLAIN`. */
function plain(value: object, depth: number, room: Room): object | typeof NOT_PLAIN {
  if (depth > DEEP || (value as Session).toJSON !== undefined) return NOT_PLAIN;
  room.left -= Array.isArray(value) ? 2 + value.length : 2;
  if (room.left < 0) return NOT_PLAIN; // a few that refer to each other have no end
  if (Array.isArray(value)) return plainArray(value, depth, room);
  if (Object.getPrototypeOf(value) !== Object.prototype) return NOT_PLAIN;
  // Member by member: then what is kept has the same few shapes whatever it was copied from.
  let copy: Session = new Kept();
  let names = 0;
  for (const name in value) {
    if (!hasOwn.call(value, name)) continue;
    if (++names === FEW + 1) {
      if (Object.getOwnPropertySymbols(value).length > 0) return NOT_PLAIN;
      copy = { ...value, ...copy };
    }
    let member: unknown = (value as Session)[name];
    room.left -= name.length + 4;
    if (typeof member === 'string') {
      room.left -= member.length;
    } else if (isObject(member)) {
      member = plain(member, depth + 1, room);
      if (member === NOT_PLAIN) return NOT_PLAIN;
    } else if (!isPlainValue(member)) {
      return NOT_PLAIN;
    }
    copy[name] = member;
  }
  return copy;
}

function plainArray(value: unknown[], depth: number, room: Room): unknown[] | typeof NOT_PLAIN {
  const copy = new Array<unknown>(value.length); // one that grows takes more than it needs
  for (let i = 0; i < copy.length; i++) {
    let member = value[i];
    if (typeof member === 'string') {
      room.left -= member.length;
    } else if (isObject(member)) {
      member = plain(member, depth + 1, room);
      if (member === NOT_PLAIN) return NOT_PLAIN;
    } else if (!isPlainValue(member)) {
      return NOT_PLAIN;
    }
    copy[i] = member;
  }
  return copy;
}

// JSON makes 0 of -0, and `null` of what is not finite.
function isPlainValue(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'boolean' || value === null;
}

/** A copy of what `encode` made. */
function copyOf<T extends object>(value: T, depth: number): T {
  if (Array.isArray(value)) {
    const copy = value.slice();
    for (let i = 0; i < copy.length; i++) {
      if (isObject(copy[i])) copy[i] = copyOf(copy[i], depth + 1);
    }
    return copy as T;
  }
  const copy: Session = clone(value, depth);
  for (const name in copy) {
    const member = copy[name];
    if (isObject(member) && hasOwn.call(copy, name)) copy[name] = copyOf(member, depth + 1);
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

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
