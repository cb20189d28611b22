import {
  type Copied,
  type CopyOptions,
  concurrently,
  copy as copySessions,
  type FullSessionStore,
  isRefusal,
  type SessionError,
} from '@sessions/core';
import type { Command } from 'commander';
import { type Context, full } from '../context.ts';
import { Failure, FOUND, MISUSED } from '../failure.ts';
import { NothingThere } from '../nothing-there.ts';
import { printableId, problemLine } from '../printable.ts';
import { count, counted } from '../units.ts';

export function copy(program: Command, context: Context): void {
  program
    .command('copy <from> <to>')
    .summary('copy sessions from one store to another')
    .description('Copies the sessions, each with the rest of its lifetime.')
    .option('--prefix <prefix>', 'only those whose ids begin so')
    .option('--dry-run', 'reads both, and writes nothing')
    .addHelpText(
      'after',
      `
What <to> has under an id is newer, or was copied before, and stays. So run it again after it was stopped;
a bot may use <to> meanwhile. Corrupt sessions stay behind, and so do those that <to> does not take, such as
too large ones: it lists them, and ends with 3 then. --dry-run does not try which these are.

Examples:
  sessions copy ./sessions redis://localhost --dry-run
  sessions copy redis://localhost postgres://localhost/bot --prefix telegram:
`,
    )
    .action(async (fromText: string, toText: string, _, command: Command) => {
      const { prefix, dryRun, store } = command.optsWithGlobals();
      if (store) throw new Failure('copy takes two stores, and no --store', MISUSED);
      if (fromText === toText) throw new Failure('both stores are the same', MISUSED);
      const from = full((await context.open(fromText)).store, 'copy from it');
      const to = await openTarget(toText, dryRun, context);
      const listing = context.listing(prefix);
      let total: number | undefined;
      const counting = process.stderr.isTTY ? lengthOf(from.ids(listing)) : undefined;
      counting?.then(
        (length) => {
          total = length;
        },
        () => {}, // the copy itself will fail, too
      );
      let done: Copied = { copied: 0, kept: 0 };
      let refused = 0;
      let isOver = false;
      const how = {
        ...listing,
        onProgress: (progress: Copied) => {
          done = progress;
          const verb = dryRun ? 'compared' : 'copied';
          context.progress.show(verb, done.copied + done.kept + refused, total);
        },
        onRefused: (id: string, { code, message }: SessionError) => {
          refused++;
          context.exitCode = FOUND;
          return context.out.line(problemLine(code, printableId(id), message));
        },
      };
      try {
        if (dryRun) await compare(from, to, how);
        else if (to) await copySessions(from, to, how);
        isOver = true;
      } finally {
        const { copied, kept } = done;
        const verb = dryRun ? 'to copy' : 'copied';
        context.tell(
          `${counted(copied, 'session')} ${verb}, ${count(kept)} there already, ` +
            `${count(refused)} refused`,
        );
        if (!isOver && !dryRun) context.tell('run it again for the rest');
      }
    });
}

async function openTarget(
  text: string,
  dryRun: boolean | undefined,
  context: Context,
): Promise<FullSessionStore | undefined> {
  try {
    const { store } = await context.open(text, { makes: !dryRun });
    return full(store, 'copy to it');
  } catch (error) {
    if (dryRun && error instanceof NothingThere) return undefined;
    throw error;
  }
}

async function lengthOf(items: AsyncIterable<unknown>): Promise<number> {
  let length = 0;
  for await (const _ of items) length++;
  return length;
}

async function compare(
  from: FullSessionStore,
  to: FullSessionStore | undefined,
  { onProgress, onRefused, ...listing }: CopyOptions,
): Promise<void> {
  let copied = 0;
  let kept = 0;
  await concurrently(from.versions(listing), async ([id]) => {
    try {
      if (await to?.readVersion(id)) kept++;
      else copied++;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return await onRefused?.(id, error);
    }
    onProgress?.({ copied, kept });
  });
}
