import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isSessionError, type SessionError, type SessionErrorCode } from '@sessions/core';

/** Fails unless the call rejects with a `SessionError` that has one of these codes. */
export async function rejectsAs(
  codes: SessionErrorCode | readonly SessionErrorCode[],
  what: string,
  call: () => Promise<unknown>,
): Promise<SessionError> {
  const wanted = [codes].flat();
  const error = await rejection(`${what} should reject as ${wanted.join(' or ')}`, call);
  if (isSessionError(error) && wanted.includes(error.code)) return error;
  throw because(
    error,
    `${what} should reject with a SessionError whose code is ${wanted.join(' or ')}, not with ${
      isSessionError(error) ? error.code : inspect(error, { depth: 0 }).split('\n')[0]
    }`,
  );
}

/** What the call rejects with; fails when it resolves, or throws at once. */
export async function rejection(claim: string, call: () => Promise<unknown>): Promise<unknown> {
  let promise: Promise<unknown>;
  try {
    promise = call();
  } catch (error) {
    throw because(error, `${claim}; it threw at once, in place of a promise`);
  }
  let result: unknown;
  try {
    result = await promise;
  } catch (error) {
    return error;
  }
  assert.fail(`${claim}; it resolved with ${inspect(result, { depth: 0 }).slice(0, 200)}`);
}

/** An error that says what was promised, with the one that came as its cause. */
export function because(cause: unknown, message: string): Error {
  return new Error(message, { cause });
}
