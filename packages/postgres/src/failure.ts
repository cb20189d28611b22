import { isSessionError, type Outcome, SessionError } from '@sessions/core';

/** Whether the server itself says so: what it ends, or does not take, it will not do later. */
export function isAnswer(error: Error): error is Error & { code: string; severity: string } {
  return 'severity' in error;
}

/** The SQLSTATE that the server answered; empty if this is no answer of a server. */
function stateOf(error: Error): string {
  return isAnswer(error) ? error.code : '';
}

/**
 * Whether the server answered that it undid the statement, and listens for the next one. With the
 * others, such as a shutdown, it ends the connection, and may have done what was asked before.
 */
export function isRefusal(error: Error): boolean {
  if (!isAnswer(error)) return false;
  return !/^(08|25P|57P|XX)/.test(error.code) && !/FATAL|PANIC/.test(error.severity);
}

/**
 * Whether the connection does not know the statement by its name, or another one of this name: a pooler
 * such as PgBouncer has changed it for another. Nothing was executed.
 */
export function isUnprepared(error: Error): boolean {
  return /^(26000|42P05)$/.test(stateOf(error));
}

// A conflict of transactions, a deadlock, too many connections, a server that starts or stops, one
// that takes no writes, a clock that has been put forward, a statement that is not prepared.
const TEMPORARY = /^(40001|40P01|53300|57P|08|25006|22012|26000|42P05)/;

/** Whether to try again, as nothing was applied. */
export function isTemporary(error: Error): boolean {
  if (isAnswer(error)) return TEMPORARY.test(error.code);
  const { code = '', message } = error as NodeJS.ErrnoException;
  return (
    !/CERT|TLS|SSL/.test(code) && !/^SASL|does not support SSL|after calling end/.test(message)
  );
}

/** What a failed statement means. */
export function explain(error: Error, outcome: Outcome): SessionError {
  if (isSessionError(error)) return new SessionError(error.code, error.message, { outcome });
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
function redacted(error: Error): Error {
  const state = stateOf(error);
  const { code } = error as NodeJS.ErrnoException;
  const words = QUOTING.test(state)
    ? `the server answered ${state}`
    : error.message || String(code);
  return Object.assign(new Error(words), code !== undefined && { code });
}
