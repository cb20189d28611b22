import type { Command } from 'commander';
import { type Context, isFull } from '../context.ts';
import { Failure, FOUND } from '../failure.ts';
import { ESCAPED, idOf } from '../id.ts';
import { bytesOf } from '../listed.ts';
import { printableJson } from '../printable.ts';
import { duration, size } from '../units.ts';

export function get(program: Command, context: Context): void {
  program
    .command('get <id>')
    .summary('one session')
    .description('Prints the session as JSON. Ends with 3 when there is none.')
    .option('--json', 'one line: id, session, etag, expiresAt')
    .option(...ESCAPED)
    .addHelpText(
      'after',
      `
Examples:
  sessions get telegram:42
  sessions get telegram:42 | jq ._state
`,
    )
    .action(async (given: string, _, command: Command) => {
      const { store: text, json, escaped } = command.optsWithGlobals();
      const id = idOf(given, escaped);
      const { store } = await context.open(text);
      const version = isFull(store)
        ? await store.readVersion(id)
        : await store.read(id).then((session) => session && { session });
      if (!version) throw new Failure('there is no session with this id', FOUND);
      const { session } = version;
      if (json) {
        await context.out.line(printableJson(JSON.stringify({ id, ...version })));
        return;
      }
      await context.out.line(printableJson(JSON.stringify(session, null, 2)));
      if (!('etag' in version) || !process.stdout.isTTY) return;
      const { expiresAt, etag } = version;
      const ends =
        expiresAt === null ? 'never expires' : `expires in ${duration(expiresAt - Date.now())}`;
      await context.out.line(`${size(bytesOf(session))}, ${ends}, version ${etag}`);
    });
}
