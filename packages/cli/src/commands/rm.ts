import { concurrently } from '@sessions/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure, FOUND, MISUSED } from '../failure.ts';
import { ESCAPED, idOf } from '../id.ts';
import { type Line, linesOf, readLine, refusalOf } from '../lines.ts';
import { counted } from '../units.ts';

export function rm(program: Command, context: Context): void {
  program
    .command('rm [ids...]')
    .summary('remove sessions')
    .description('Removes the sessions of these ids, corrupt ones too. None is asked about.')
    .option('--json', 'the ids come through stdin, as lines of ls --json')
    .option(...ESCAPED)
    .addHelpText(
      'after',
      `
One that is not there is no error. A bot may write the session again at any time.
What is no line of ls --json is told with its number, all else goes on, and it ends with 3.

Examples:
  sessions rm telegram:42 telegram:43
  sessions ls test: --json --ids | sessions rm --json
`,
    )
    .action(async (given: string[], _, command: Command) => {
      const options = command.optsWithGlobals();
      if (given.length > 0 === Boolean(options.json)) {
        throw new Failure('say which: ids, or --json and lines through stdin', MISUSED);
      }
      const ids = given.map((id) => idOf(id, options.escaped));
      const { store } = await context.open(options.store);
      for (const id of ids) {
        context.signal.throwIfAborted();
        await store.destroy(id);
      }
      if (!options.json) return;
      let removed = 0;
      const remove = async (line: Line) => {
        try {
          await store.destroy(readLine(line).id);
          context.progress.show('removed', ++removed);
        } catch (error) {
          context.tell(refusalOf(error, line));
          context.exitCode = FOUND;
        }
      };
      try {
        await concurrently(linesOf(process.stdin, context.signal), remove);
      } finally {
        context.tell(`${counted(removed, 'session')} removed`);
      }
    });
}
