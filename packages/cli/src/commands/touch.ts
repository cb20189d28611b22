import { isRefusal } from '@sessions/core';
import type { Command } from 'commander';
import { type Context, full } from '../context.ts';
import { explain, FOUND } from '../failure.ts';
import { ESCAPED, idOf } from '../id.ts';
import { EXPIRES_IN } from '../lifetime.ts';
import { printableId } from '../printable.ts';

export function touch(program: Command, context: Context): void {
  program
    .command('touch <ids...>')
    .summary('start lifetimes anew')
    .description('Starts the lifetime of each session anew, and changes nothing else.')
    .option(...EXPIRES_IN)
    .option(...ESCAPED)
    .addHelpText(
      'after',
      `
Without --expires-in it is expiresIn of sessions.config.mjs, or the store's own: a year.
Ends with 3 when one of them is not there, or corrupt.

Examples:
  sessions touch telegram:42
  sessions touch telegram:42 --expires-in never
`,
    )
    .action(async (given: string[], _, command: Command) => {
      const options = command.optsWithGlobals();
      const ids = given.map((id) => idOf(id, options.escaped));
      const opened = await context.open(options.store);
      const store = full(opened.store, 'touch');
      const expiresIn: number | undefined = options.expiresIn ?? opened.expiresIn;
      for (const id of ids) {
        context.signal.throwIfAborted();
        const problem = await store.touch(id, { expiresIn }).then(
          (isThere) => !isThere && `there is no session ${printableId(id)}`,
          (error) => {
            if (!isRefusal(error)) throw error;
            return `${printableId(id)}: ${explain(error)}`;
          },
        );
        if (!problem) continue;
        context.exitCode = FOUND;
        context.tell(problem);
      }
    });
}
