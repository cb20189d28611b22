import { parseArgs } from 'node:util';
import { explain } from '@sessions/bot';
import { type Migrated, type MigrateOptions, migrate } from './migrate.ts';

const HELP = `Copies the sessions of a Bottender bot to another store. Run it in the bot's folder, while the bot
is stopped.

  sessions-bottender migrate <from> <to>

  <from>   file:./.sessions, redis://host, redis://host/0?keyPrefix=bot:, mongodb://host/database
  <to>     file:./folder, redis://host, mongodb://host/database,
           or a package: name, name:argument, ./path.js:argument

Options:
  --expires-in <minutes>  expiresIn of bottender.config.js, for files and Mongo (default: 0, never)
  --collection <name>     the collection, for Mongo (default: sessions)
  --dry-run               reads all, and writes nothing
  --help                  shows this

Ends with 0 when all was copied, with 2 when something was not understood, and with 1 when it had to stop.
`;

const STEP = 1000; // sessions from one line of progress to the next

/** Runs the command line, and resolves with the exit code. */
export async function main(
  args: readonly string[],
  {
    output = process.stdout,
    errorOutput = process.stderr,
  }: { output?: NodeJS.WritableStream; errorOutput?: NodeJS.WritableStream } = {},
): Promise<number> {
  for (const stream of [output, errorOutput]) stream.on('error', () => {}); // whoever read it has gone
  const tell = (text: string) => errorOutput.write(`${text}\n`);
  try {
    const { from, to, help, ...options } = parse(args);
    if (help) {
      output.write(HELP);
      return 0;
    }
    let shown = 0;
    const migrated = await migrate(from, to, {
      ...options,
      onProblem: ({ name, problem }) => tell(`${name}: ${problem}`),
      onProgress: (progress) => {
        const steps = Math.floor(total(progress) / STEP);
        if (steps > shown) tell(`… ${sum(progress, options)}`);
        shown = steps;
      },
    });
    output.write(`${sum(migrated, options)}\n`);
    return migrated.problems > 0 ? 2 : 0;
  } catch (error) {
    tell(explain(error));
    return 1;
  }
}

function parse(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'expires-in': { type: 'string', default: '0' },
      collection: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [command, from = '', to = '', ...more] = positionals;
  const { help, collection } = values;
  if (!help && (command !== 'migrate' || !to || more.length > 0)) {
    throw new Error('say migrate <from> <to>; --help tells more');
  }
  return {
    from,
    to,
    help,
    collection,
    expiresIn: minutes(values['expires-in']),
    dryRun: values['dry-run'],
  };
}

function minutes(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

function total({ copied, kept, expired, problems }: Migrated): number {
  return copied + kept + expired + problems;
}

function sum({ copied, kept, expired, problems }: Migrated, { dryRun }: MigrateOptions): string {
  const counts = `${expired} expired, ${problems} not understood`;
  if (dryRun) return `${copied} to copy, ${counts}; nothing was written`;
  return `${copied} copied, ${kept} there already, ${counts}`;
}
