import { hash } from 'node:crypto';

/**
 * - `INVALID_ID`: the id is not a string, empty, longer than 1,024 bytes in UTF-8, or not Unicode.
 * - `INVALID_SESSION`: the session is no JSON object, or is nested too deep; the old one stays.
 * - `TOO_LARGE`: the session is larger than the store takes; the old one stays.
 * - `CORRUPT`: what the backend holds cannot be read. It is kept; `destroy` removes it.
 * - `CONFLICT`: others kept changing the session until the time was up, or another version is there
 *   than `ifMatch` names.
 * - `UNAVAILABLE`: the backend failed, or could not be reached.
 * - `TIMEOUT`: the backend did not answer in time.
 * - `CLOSED`: the store was closed.
 */
export type SessionErrorCode =
  | 'INVALID_ID'
  | 'INVALID_SESSION'
  | 'TOO_LARGE'
  | 'CORRUPT'
  | 'CONFLICT'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'CLOSED';

/**
 * Whether a call that failed changed anything: `'not-applied'`, it did not; `'unknown'`, nobody
 * can tell.
 */
export type Outcome = 'not-applied' | 'unknown';

/** What a store rejects with. It holds neither the id nor the data, so you can log it. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  /** Whether the call changed anything. */
  readonly outcome: Outcome;
  /** SHA-256 of the session id, in hex. */
  idHash: string | undefined;

  constructor(
    code: SessionErrorCode,
    message: string,
    options: { id?: string | undefined; outcome?: Outcome; cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.outcome = options.outcome ?? 'not-applied';
    this.idHash = options.id === undefined ? undefined : hashId(options.id);
  }
}

/**
 * Whether this is a `SessionError`, with this code if you give one. Works across copies of this
 * package.
 */
export function isSessionError(error: unknown, code?: SessionErrorCode): error is SessionError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as SessionError).name === 'SessionError' &&
    (code === undefined || (error as SessionError).code === code)
  );
}

const REFUSALS: readonly SessionErrorCode[] = [
  'INVALID_ID',
  'INVALID_SESSION',
  'TOO_LARGE',
  'CORRUPT',
];

/** Whether the store does not take, or cannot read, that one session; all others it may. */
export function isRefusal(error: unknown): error is SessionError {
  return isSessionError(error) && REFUSALS.includes(error.code);
}

/** The hash that errors carry in place of an id: SHA-256 in hex. */
export function hashId(id: string): string {
  return hash('sha256', id);
}
