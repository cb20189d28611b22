import { hashId, isSessionError, SessionError } from './errors.ts';

export type Action = 'open' | 'get' | 'put' | 'delete' | 'list' | 'prune' | 'close';
const CHANGES: readonly Action[] = ['put', 'delete', 'prune'];

export function corrupt(id: string, cause?: unknown): SessionError {
  return new SessionError('CORRUPT', 'the record is not one that a store wrote', { id, cause });
}

export function unreadable(cause: unknown): Error {
  if (isSessionError(cause)) return cause;
  return new SessionError('CORRUPT', 'a record cannot be read', { cause });
}

/** The error itself, with the hash of the id if it is a `SessionError` that has none. */
export function withHash(error: unknown, id: string | undefined): unknown {
  if (isSessionError(error) && id !== undefined) error.idHash ??= hashId(id);
  return error;
}

/** What a driver threw, as what a store rejects with. */
export function explain(error: unknown, action: Action, id: string | undefined): unknown {
  return isSessionError(error) ? withHash(error, id) : failure('UNAVAILABLE', action, id, error);
}

export function failure(
  code: 'TIMEOUT' | 'UNAVAILABLE',
  action: Action,
  id: string | undefined,
  cause?: unknown,
): SessionError {
  const what = code === 'TIMEOUT' ? 'did not answer in time' : 'failed';
  const outcome = CHANGES.includes(action) ? 'unknown' : 'not-applied';
  return new SessionError(code, `the backend ${what}: ${action}`, { id, outcome, cause });
}

/** What carries no condition cannot meet a conflict: the driver is at fault, and nothing is certain. */
export function unlessRefused(id: string): (done: boolean) => void {
  return (done) => {
    if (done) return;
    throw new SessionError('UNAVAILABLE', 'the backend refused', { id, outcome: 'unknown' });
  };
}
