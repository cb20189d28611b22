/** What went wrong, in words for whoever typed the command. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = FAILED) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** It failed: stderr says why. */
export const FAILED = 1;
/** The arguments are wrong. */
export const MISUSED = 2;
/** It did all it could, and there is something to look at: no such session, a corrupt one, a doubt. */
export const FOUND = 3;
/** Somebody else changed the session meanwhile, or it was there already. */
export const CONFLICT = 4;

/** An error with its code and what is behind it, as text. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, code } = error as Error & { code?: unknown };
  const [first] = error instanceof AggregateError ? error.errors : [];
  const text = error.message || (first === undefined ? error.name : explain(first));
  const message = code === undefined || text.includes(String(code)) ? text : `${text} (${code})`;
  return cause === undefined ? message : `${message}: ${explain(cause)}`;
}
