import { hash, randomBytes } from 'node:crypto';
import { JSON_TEXT, type Session, SessionError } from '@sessions/core';

// What is open is written anew by each append; what is sealed takes calls of the backend to read.
const MOST_BYTES = 8 * 1024;
/** So many items are open at most, and about as many operations have no markers. */
export const MOST = 64;

/** So many chunks before it each chunk names, and the head: these are read at once. */
export const NAMED = 32;

/** A chunk: the position of its first item, and its random name. */
export type Reference = readonly [begin: number, name: string];

/** The session under the id of a history: it alone decides what the history is. */
export interface Head {
  readonly layout: 1;
  /** Random: what the names of all parts of this history begin with. */
  readonly token: string;
  /** Random: the name of this version. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
  /** Until when all chunks live at least; `null` for ever. */
  readonly partsUntil: number | null;
  /** The newest chunks, the newest last. */
  readonly chunks: readonly Reference[];
  /** The position of the first item of the tail: those that are in no chunk. */
  readonly begin: number;
  readonly tail: readonly unknown[];
  /** The newest operations: all that have no markers. */
  readonly operations: readonly string[];
  /** Whether older ones have. */
  readonly hasMarkers: boolean;
}

/** Sealed items: never changed. The marker of an operation is a session `{ of, operation }`. */
export interface Chunk {
  /** The id of the head. */
  readonly of: string;
  /** The version of the head that was read to create it. */
  readonly base: string;
  /** The position of its first item. */
  readonly begin: number;
  readonly chunks: readonly Reference[];
  readonly items: readonly unknown[];
  /** Those that were given markers with it. */
  readonly operations: readonly string[];
}

/** 72 random bits. */
export const newName = (): string => randomBytes(9).toString('base64url');

export const newHead = (changedAt: number): Head => ({
  ...{ layout: 1, token: newName(), version: newName(), changedAt, partsUntil: null },
  ...{ chunks: [], begin: 0, tail: [], operations: [], hasMarkers: false },
});

/** Throws `CORRUPT` for a session that no history wrote. */
export function headOf(session: Session | null, id: string): Head | null {
  if (session === null || isHead(session)) return session;
  throw new SessionError('CORRUPT', 'the session under this id is no history', { id });
}

export const isHead = (session: Session): session is Head =>
  session.layout === 1 && Array.isArray(session.tail);

export const lengthOf = ({ begin, tail }: Head): number => begin + tail.length;

/** The name of an operation, or of a chunk. */
export const nameIn = (operation: string): string => operation.slice(0, 22);

const digestOf = (text: string) => hash('sha256', text, 'base64url').slice(0, 22);

/** The short name of an operation, and a digest of its transaction, if any; `undefined` for neither. */
export function operationOf(operationId: unknown, transaction?: string): string | undefined {
  if (operationId === undefined && transaction === undefined) return undefined;
  if (typeof operationId === 'string' && operationId !== '' && operationId.isWellFormed()) {
    return digestOf(operationId) + (transaction === undefined ? '' : digestOf(transaction));
  }
  throw new TypeError('operationId must be text that is not empty');
}

/** A copy as JSON gives it back. Throws `INVALID_SESSION` for what JSON cannot hold. */
export function copyOf(item: unknown): unknown {
  const text = JSON_TEXT.encode({ item }, Infinity);
  if (text !== '{}') return JSON.parse(text).item;
  throw new SessionError('INVALID_SESSION', 'an item must be what JSON can hold');
}

/** Groups of items that each become a chunk, and at last those that stay in the tail. */
export function grouped(items: readonly unknown[]): unknown[][] {
  const groups: unknown[][] = [];
  let open: unknown[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = Buffer.byteLength(JSON.stringify(item));
    const isFull = open.length >= MOST || bytes + more > MOST_BYTES;
    if (isFull && open.length > 0) {
      groups.push(open);
      open = [];
      bytes = 0;
    }
    open.push(item);
    bytes += more;
  }
  // What is larger than a chunk is sealed at once, too: the head stays small.
  return bytes > MOST_BYTES ? [...groups, open, []] : [...groups, open];
}
