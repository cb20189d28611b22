import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { type Context, isFull } from '../context.ts';
import { Failure } from '../failure.ts';
import type { Opened } from '../open.ts';
import { startUi, type Ui, type UiOptions } from '../ui/server.ts';

export function ui(program: Command, context: Context): void {
  program
    .command('ui')
    .summary('a page in the browser to look at the store')
    .description('Serves a page to look at sessions, for this machine alone, until Ctrl-C.')
    .option('--write', 'let the page change and delete sessions')
    .option('--port <port>', 'a free one by default', port)
    .addHelpText(
      'after',
      `
Open the address that it prints. It holds a secret, new each time: who has it sees the sessions. Nobody else
can, from this machine or from a page of another site. The page asks for nothing elsewhere.

Examples:
  sessions ui
  sessions ui --write --port 8080
`,
    )
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals();
      const opened = await context.open(options.store);
      await using page = await start(opened, context, options);
      context.onWarning = ({ code, detail }) => {
        if (code === 'CORRUPT') page.unreadable(/\b[0-9a-f]{64}\b/.exec(detail ?? '')?.[0]);
      };
      await context.out.line(page.url);
      await context.out.flush();
      context.tell(`${manner(opened, options.write)}; Ctrl-C ends it`);
      if (!context.signal.aborted) await once(context.signal, 'abort');
      context.signal.throwIfAborted();
    });
}

async function start(
  { store, text, expiresIn }: Opened,
  context: Context,
  options: UiOptions,
): Promise<Ui> {
  const name = context.hide(text ?? 'the store of sessions.config.mjs');
  const hide = (shown: string) => context.hide(shown);
  try {
    return await startUi(store, { ...options, name, expiresIn, hide });
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw isTaken ? new Failure(`somebody else has port ${options.port}`) : error;
  }
}

function manner({ store }: Opened, write: boolean | undefined): string {
  if (!isFull(store)) return 'read only, and by id alone: this store has only the five methods';
  return write
    ? 'the page can change sessions'
    : 'read only; --write lets the page change sessions';
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('It is a number up to 65535.');
}
