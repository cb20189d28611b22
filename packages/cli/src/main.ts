import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, CommanderError } from 'commander';
import { commands } from './commands.ts';
import { Context } from './context.ts';
import { explain, FAILED, Failure, MISUSED } from './failure.ts';

const STORES = `
Stores (--store, or SESSIONS_STORE, or sessions.config.mjs):
  ./folder  ./bot.db  redis://host  postgres://host/database  mongodb://host/database
  or a package: name, name:argument, ./module.js:argument
  Drivers are those of the project in this folder.

Exit codes:
  0 done   1 it failed   2 wrong arguments   4 somebody else was first
  3 done, and there is something to look at: no such session, a corrupt one, a doubt
`;

/** Runs the command line, and resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const context = new Context();
  endWith(context);
  try {
    await programFor(context).parseAsync([...args], { from: 'user' });
    await context.out.flush();
    await nextTurn(); // what was warned of by then is told, and what could not be written is known
    context.signal.throwIfAborted();
  } catch (error) {
    await context.out.flush().catch(() => {}); // what was found by then
    context.exitCode = codeOf(error, context);
  } finally {
    await context.close().catch((error: unknown) => {
      context.tell(explain(error));
      context.exitCode ||= FAILED;
    });
  }
  return context.exitCode;
}

function programFor(context: Context): Command {
  const { version } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const program = new Command('sessions')
    .description('See, change, verify and move what session stores keep.')
    .option('-s, --store <store>', 'the store')
    .version(version)
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text) => context.tell(text.trimEnd()) })
    .addHelpText('after', STORES)
    .exitOverride();
  for (const add of commands) add(program, context);
  return program;
}

function codeOf(error: unknown, context: Context): number {
  const { aborted, reason } = context.signal;
  if (aborted && typeof reason === 'number') return reason;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
  context.tell(explain(aborted ? reason : error));
  return error instanceof Failure ? error.exitCode : FAILED;
}

/** Sees to what ends a command from outside, and to warnings. */
function endWith(context: Context): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const code = 128 + constants.signals[name];
    process.on(name, () => {
      if (context.isDeaf && name === 'SIGINT') return;
      if (context.signal.aborted) process.exit(code); // asked twice
      context.stop(code);
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      context.stop(error.code === 'EPIPE' ? 0 : error); // whoever read it has gone, or the disk is full
    });
  }
  // Node's own listener would print more than these.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'SessionWarning') context.onWarning(warning);
  });
}
