import type { Command } from 'commander';
import { type Context, full } from '../context.ts';
import { counted } from '../units.ts';

export function prune(program: Command, context: Context): void {
  program
    .command('prune')
    .summary('remove what has expired')
    .description('Removes what has expired and still takes room. It is not shown to bots anyway.')
    .addHelpText(
      'after',
      `
Redis and MongoDB do that by themselves. For the others run it now and then.

Example, for cron:
  12 3 * * *  cd /srv/bot && npx sessions prune
`,
    )
    .action(async (_, command: Command) => {
      const { store } = await context.open(command.optsWithGlobals().store);
      context.progress.wait('removing what has expired');
      const pruned = await full(store, 'prune').prune({ signal: context.signal });
      context.tell(`${counted(pruned, 'session')} removed`);
    });
}
