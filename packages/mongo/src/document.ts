import { randomUUID } from 'node:crypto';
import { types } from 'node:util';
import { JSON_TEXT, SessionError, type SessionRecord } from '@sessions/core';

/** The document of one session. */
export interface Stored {
  readonly _id: string;
  /** The version of this layout, or `RESERVED`. */
  readonly v: number;
  /** The session as JSON text: BSON would not take every key. */
  readonly data: string;
  /** The etag and those before it, newest first. */
  readonly etags: readonly string[];
  /** When the server may remove it; `null` for never. */
  readonly expiresAt: Date | null;
}

export const VERSION = 1;

/** In place of a version: there is no session, and one is about to be created in its place. */
export const RESERVED = 0;

const HOUR = 3_600_000;

export function reservation(): Omit<Stored, '_id'> {
  return { v: RESERVED, data: '', etags: [randomUUID()], expiresAt: new Date(Date.now() + HOUR) };
}

export function fieldsOf(
  { session, expiresAt, etag }: SessionRecord,
  history: readonly string[],
): Omit<Stored, '_id'> {
  return {
    v: VERSION,
    data: session,
    etags: [etag, ...history],
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
  };
}

/** The record in a document; `null` for a reservation. Throws `CORRUPT`. */
export function recordIn({ v, data, etags, expiresAt }: Stored): SessionRecord | null {
  const [etag, ...history] = Array.isArray(etags) ? etags : [];
  if (typeof etag !== 'string') throw corrupt();
  if (v === RESERVED) return null;
  if (v !== VERSION || typeof data !== 'string' || !isInBraces(data.trim())) throw corrupt();
  if (!history.every((each) => typeof each === 'string')) throw corrupt();
  return { session: data, expiresAt: momentIn(expiresAt), etag, history };
}

function isInBraces(text: string): boolean {
  return text.startsWith('{') && text.endsWith('}');
}

/** The store looks into what it reads. What is about to be replaced it never gets. */
export function checkText({ session }: SessionRecord): void {
  try {
    JSON_TEXT.decode(session);
  } catch {
    throw corrupt();
  }
}

function momentIn(expiresAt: unknown): number | null {
  if (expiresAt === null || expiresAt === undefined) return null;
  const moment = types.isDate(expiresAt) ? expiresAt.getTime() : Number.NaN;
  if (Number.isNaN(moment)) throw corrupt();
  return moment;
}

function corrupt(): SessionError {
  return new SessionError('CORRUPT', 'the document is not one that a store wrote');
}
