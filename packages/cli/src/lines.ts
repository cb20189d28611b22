import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { isRefusal, type Session } from '@sessions/core';
import { explain, Failure, MISUSED } from './failure.ts';
import { isObject, parseSession } from './json.ts';

export interface Line {
  readonly number: number;
  readonly text: string;
}

/** The lines of a stream that are not empty. */
export async function* linesOf(input: Readable, signal: AbortSignal): AsyncGenerator<Line> {
  const reader = createInterface({ input, crlfDelay: Infinity, signal });
  let number = 0;
  try {
    for await (const text of reader) {
      number++;
      if (text.trim() !== '') yield { number, text };
      signal.throwIfAborted();
    }
    signal.throwIfAborted();
  } finally {
    input.destroy(); // otherwise one that never ends keeps the process
  }
}

/** What a line of `ls --json` or `export` says. Throws a `Failure` that names the line. */
export function readLine({ number, text }: Line): {
  id: string;
  session: Session | undefined;
  expiresAt: number | null | undefined;
} {
  const { id, session, expiresAt } = parseSession(text, `line ${number}`);
  const wrong = (what: string) => new Failure(`line ${number}: ${what}`, MISUSED);
  if (typeof id !== 'string') throw wrong('its id is no text');
  if (session !== undefined && !isObject(session)) throw wrong('its session is no object');
  if (expiresAt != null && !Number.isFinite(expiresAt)) throw wrong('its expiresAt is no number');
  return { id, session, expiresAt };
}

/** Why that line was left out. Throws an error that is about more than this line. */
export function refusalOf(error: unknown, { number }: Line): string {
  if (error instanceof Failure) return error.message;
  if (isRefusal(error)) return `line ${number}: ${explain(error)}`;
  throw error;
}
