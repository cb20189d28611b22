import { isSessionError, type Outcome, SessionError } from '@sessions/core';

/** The SQLSTATE of the answer of a server that refused, if this is one. */
function stateOf(error: Error): string | undefined {
  const { code, severity } = error as Error & { code?: string; severity?: string };
  return severity === undefined ? undefined : code;
}

/** Whether the server itself says so: what it ends, or does not take, it will not do later. */
export function isAnswer(error: Error): boolean {
  return stateOf(error) !== undefined;
}

/**
 * Whether the server answered that it undid the statement, and listens for the next one. With the
 * others, such as a shutdown, it ends the connection, and may have done what was asked before.
 */
export function isRefusal(error: Error): boolean {
  const { severity } = error as { severity?: string };
  return !/^(08|25P|57P|XX|$)/.test(stateOf(error) ?? '') && !/FATAL|PANIC/.test(severity ?? '');
}

/** Whether the server is not the primary: it takes no writes. */
export function isReadOnly(error: Error): boolean {
  return stateOf(error) === '25006';
}

/** Whether the statement came after its deadline: see `unlessLate`. */
export function isLate(error: Error): boolean {
  return stateOf(error) === '22012';
}

// A conflict of transactions, a deadlock, too many connections, a server that starts or stops, one
// that takes no writes, a clock that has been put forward.
const TEMPORARY = /^(40001|40P01|53300|57P|08|25006|22012)/;

/** Whether to try again, as nothing was applied. */
export function isTemporary(error: Error): boolean {
  const state = stateOf(error);
  if (state !== undefined) return TEMPORARY.test(state);
  const { code = '', message } = error as NodeJS.ErrnoException;
  return !/CERT|TLS|SSL/.test(code) && !/does not support SSL|after calling end/.test(message);
}

/** What a failed statement means. */
export function explain(error: Error, outcome: Outcome): SessionError {
  if (isSessionError(error)) return error;
  const state = stateOf(error);
  const options = { outcome, cause: redacted(error) };
  if (state === '22P02') return corrupt(); // by `isIntact`
  if (state === '55P03' || state === '57014') {
    return new SessionError('TIMEOUT', 'the server gave up waiting', options);
  }
  return new SessionError('UNAVAILABLE', 'the statement failed', options);
}

export function corrupt(id?: string): SessionError {
  return new SessionError('CORRUPT', 'the row is not one that a store wrote', { id });
}

// About values, and of triggers: their words may quote a row.
const QUOTING = /^(22|23|44|P0|XX)/;

/** The error without its details, or words that may quote a row. */
export function redacted(error: Error): Error {
  const state = stateOf(error);
  const { code } = error as NodeJS.ErrnoException;
  const words =
    state && QUOTING.test(state) ? `the server answered ${state}` : error.message || String(code);
  return Object.assign(new Error(words), code !== undefined && { code });
}
