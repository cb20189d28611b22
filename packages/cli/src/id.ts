import { Failure, MISUSED } from './failure.ts';

/** The option of commands that are given ids, for commander. */
export const ESCAPED: readonly [string, string] = [
  '--escaped',
  'an id is given as JSON, as ls shows those that hold control characters',
];

/** The id that an argument means: as it is, or the JSON string that it is. */
export function idOf(argument: string, isEscaped: boolean | undefined): string {
  if (!isEscaped) return argument;
  let id: unknown;
  try {
    id = JSON.parse(argument.startsWith('"') ? argument : `"${argument}"`);
  } catch {
    // said below
  }
  if (typeof id === 'string') return id;
  throw new Failure('with --escaped an id is a JSON string, such as "a\\u0000b"', MISUSED);
}
