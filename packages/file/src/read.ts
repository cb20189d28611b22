import { constants as limits } from 'node:buffer';
import { closeSync, type Stats } from 'node:fs';
import { constants, lstat } from 'node:fs/promises';
import { hashId, SessionError } from '@sessions/core';
import { fstat, open, readStart } from './descriptors.ts';
import { hasCode } from './folder.ts';
import { type Content, decode, HEAD_LENGTH, isHead } from './format.ts';

// A link in the place of a file is not followed, a pipe holds nobody up, a terminal takes no control.
const READ =
  constants.O_RDONLY |
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOCTTY ?? 0);

// What may come around the JSON text of a session: an id of 1,024 bytes, each of them escaped, etags.
const AROUND = 16 * 1024;

/** The bytes of the largest file that a session of `maxSessionBytes` can take. */
export function largestFile(maxSessionBytes: number): number {
  return Math.min(maxSessionBytes + AROUND, limits.MAX_STRING_LENGTH);
}

export interface Found extends Content {
  /** From before it was read. */
  readonly stats: Stats;
}

/**
 * What is in the session's file of this name. Never reads more than `most` bytes. Throws `ENOENT` if
 * there is none, `CORRUPT`, and `TOO_LARGE` for a larger file that begins as a session's does.
 */
export async function readSession(path: string, name: string, most: number): Promise<Found> {
  let file: number;
  try {
    file = await open(path, READ);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw error;
    const isFile = await lstat(path).then(
      (stats) => stats.isFile(),
      () => true,
    );
    throw isFile ? error : corrupt(name, error);
  }
  try {
    const stats = await fstat(file);
    if (!stats.isFile()) throw corrupt(name, new Error('it is no file'));
    const isTooLarge = stats.size > most;
    const bytes = await readStart(file, isTooLarge ? HEAD_LENGTH : stats.size);
    if (isTooLarge && isHead(bytes)) throw tooLarge(name);
    return { ...decoded(bytes, name), stats };
  } finally {
    closeSync(file);
  }
}

function decoded(bytes: Buffer, name: string): Content {
  try {
    const content = decode(bytes);
    if (hashId(content.id) === name) return content;
  } catch (error) {
    throw corrupt(name, error);
  }
  throw corrupt(name, new Error('it holds another session'));
}

export function corrupt(name: string, cause: unknown): SessionError {
  const message = 'the file of the session cannot be read; it is left as it is';
  return withName(new SessionError('CORRUPT', message, { cause }), name);
}

function tooLarge(name: string): SessionError {
  const message = 'the stored session is too large for this store; raise maxSessionBytes';
  return withName(new SessionError('TOO_LARGE', message), name);
}

function withName(error: SessionError, name: string): SessionError {
  if (/^[0-9a-f]{64}$/.test(name)) error.idHash = name;
  return error;
}
