import type { Session } from '@sessions/core';
import { Failure, MISUSED } from './failure.ts';

/** The JSON object that a text is; a `Failure` that names `what` otherwise. */
export function parseSession(text: string, what: string): Session {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Without the piece of the text that Node puts into its message.
    const why = (error as Error).message.replace(/, (\.\.\.)?".*$/s, '');
    throw new Failure(`${what} is no JSON: ${why}`, MISUSED);
  }
  if (isObject(value)) return value;
  throw new Failure(`${what} is no JSON object`, MISUSED);
}

export function isObject(value: unknown): value is Session {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
