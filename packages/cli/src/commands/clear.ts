import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { StoreOperation } from '@sessions/core';
import type { Command } from 'commander';
import { ask } from '../ask.ts';
import { type Context, full } from '../context.ts';
import { Failure, MISUSED } from '../failure.ts';
import { printableId } from '../printable.ts';
import { counted } from '../units.ts';

export function clear(program: Command, context: Context): void {
  program
    .command('clear')
    .summary('remove all sessions whose ids begin alike')
    .description('Counts the sessions whose ids begin with the prefix, asks, and removes them.')
    .option('--prefix <prefix>', 'what the ids begin with')
    .option('--all', 'all sessions of the store')
    .option('--yes', 'asks nothing')
    .addHelpText(
      'after',
      `
Corrupt records stay (verify lists them, rm removes them), and so does all that is no session of this store.
Ctrl-C stops between two sessions: those that are removed by then are gone.

Examples:
  sessions clear --prefix test:
  sessions clear --prefix telegram:42: --yes
`,
    )
    .action(async (_, command: Command) => {
      const { store: text, prefix, all, yes } = command.optsWithGlobals();
      if (Boolean(prefix) === Boolean(all)) {
        throw new Failure('say what to remove: --prefix <prefix>, or --all', MISUSED);
      }
      const opened = await context.open(text);
      const store = full(opened.store, 'clear');
      let there: number | undefined;
      if (!yes) {
        there = 0;
        for await (const _id of store.ids(context.listing(prefix))) {
          context.progress.show('found', ++there);
        }
        context.progress.clear();
        const which = prefix ? ` whose ids begin with ${printableId(prefix)}` : ': all there are';
        const question = `Remove ${counted(there, 'session')}${which}?`;
        if (there > 0 && !(await ask(question, '--yes', context))) {
          context.tell('nothing was removed');
          return;
        }
      }
      let removed = 0;
      // A store removes one by one, and publishes that.
      const onOperation = (message: unknown) => {
        const { operation, error } = message as StoreOperation;
        if (operation === 'destroy' && !error) context.progress.show('removed', ++removed, there);
      };
      subscribe('sessions:operation', onOperation);
      try {
        removed = await store.clear(context.listing(prefix));
      } finally {
        unsubscribe('sessions:operation', onOperation);
        context.tell(`${counted(removed, 'session')} removed`);
      }
    });
}
