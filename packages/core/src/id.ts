import { SessionError } from './errors.ts';

const MAX_BYTES = 1024;

/** Throws `INVALID_ID` unless the id is a non-empty, well-formed string of at most 1,024 bytes. */
export function checkId(id: unknown): asserts id is string {
  if (typeof id !== 'string') throw invalid(`a session id is a string, not ${typeof id}`);
  if (id === '') throw invalid('a session id must not be empty');
  // At most three bytes for each UTF-16 unit: most ids need no counting.
  if (id.length * 3 > MAX_BYTES && Buffer.byteLength(id) > MAX_BYTES) {
    throw invalid(`a session id has at most ${MAX_BYTES} bytes in UTF-8`);
  }
  // Lone surrogates all become the same bytes, so two ids would share one session.
  if (!id.isWellFormed()) throw invalid('a session id must not hold a lone surrogate');
}

/** Throws a `TypeError` unless this is text that an id can begin with; `''` begins every id. */
export function checkPrefix(prefix: unknown): asserts prefix is string {
  if (typeof prefix !== 'string') throw new TypeError(`prefix must be text, not ${typeof prefix}`);
  // Half a character begins an id here, and not where ids are bytes.
  if (!prefix.isWellFormed()) throw new TypeError('prefix must not hold a lone surrogate');
}

function invalid(message: string): SessionError {
  return new SessionError('INVALID_ID', message);
}
