import { type Outcome, SessionError } from '@sessions/core';

/** The code of the answer of a server that refused, if this is one. */
export function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

const DUPLICATE_KEY = 11000;
const MAX_TIME_EXPIRED = 50;
// The second: of the client's own look after the server, which took too long.
const TIMEOUTS = ['TimeoutError', 'MongoNetworkTimeoutError', 'PoolClearedOnNetworkError'];

// With these a server says that it did not even try: BadValue, FailedToParse, Unauthorized,
// AuthenticationFailed, IllegalOperation, NamespaceNotFound, CommandNotFound, ShardKeyNotFound,
// InvalidOptions, InvalidNamespace, CommandNotSupported, DocumentValidationFailure, NotImplemented,
// AtlasError, BSONObjectTooLarge, NotWritablePrimary, OutOfDiskSpace.
const REFUSALS: ReadonlySet<number | undefined> = new Set([
  2, 9, 13, 18, 20, 26, 59, 61, 72, 73, 115, 121, 238, 8000, 10_334, 10_107, 14_031,
]);

export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === DUPLICATE_KEY;
}

/**
 * Whether the server refused the command itself. After a lost answer the client tries again, and
 * may throw what it met on the way: a code from there says nothing about the first command.
 */
export function isRefusal(error: unknown): boolean {
  const { name, errorLabels } = error as { name?: unknown; errorLabels?: unknown };
  const isOfHandshake = Array.isArray(errorLabels) && errorLabels.includes('HandshakeError');
  return name === 'MongoServerError' && !isOfHandshake && REFUSALS.has(codeOf(error));
}

/** What a failed command means. */
export function explain(error: unknown, outcome: Outcome): SessionError {
  const cause = redacted(error);
  return codeOf(error) === MAX_TIME_EXPIRED || TIMEOUTS.includes(cause.name)
    ? new SessionError('TIMEOUT', 'the server took too long', { outcome, cause })
    : new SessionError('UNAVAILABLE', 'the command failed', { outcome, cause });
}

/** The error without what the server said in words: that can quote ids and sessions. */
export function redacted(error: unknown): Error {
  const { name, message, codeName } = error as Error & { codeName?: unknown };
  const code = codeOf(error);
  const words =
    code === undefined && !name.startsWith('BSON')
      ? message
      : `the server answered ${code}${typeof codeName === 'string' ? ` ${codeName}` : ''}`;
  const cause: Error & { code?: number } = new Error(words);
  cause.name = name;
  if (code !== undefined) cause.code = code;
  return cause;
}
