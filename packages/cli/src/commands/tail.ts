import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from '@sessions/core';
import { type Command, InvalidArgumentError } from 'commander';
import { type Context, full } from '../context.ts';
import { printableId, printableJson } from '../printable.ts';
import { styled } from '../style.ts';
import { counted } from '../units.ts';
import { type Change, Watcher } from '../watcher.ts';

const SIGNS = {
  created: styled('green', '+'),
  changed: styled('yellow', '~'),
  gone: styled('red', '-'),
};

export function tail(program: Command, context: Context): void {
  program
    .command('tail [prefix]')
    .summary('what changes, as it changes')
    .description('Shows which sessions are created (+), changed (~) and gone (-), until Ctrl-C.')
    .option('--interval <seconds>', 'from the end of one look to the next', seconds, 2)
    .option('--sessions', 'the session as well, as JSON')
    .option('--json', 'one JSON object for each change, one line each')
    .addHelpText(
      'after',
      `
Stores tell nobody what changes, so it reads all of them (or those whose ids begin so) again and again, and
compares versions. Of several changes between two looks it shows one. Look at large stores by a prefix: it keeps
each id in memory.

Examples:
  sessions tail telegram:42
  sessions tail --json --sessions | jq -c '[.id, .session._state]'
`,
    )
    .action(async (prefix: string | undefined, _, command: Command) => {
      const { store: text, interval, sessions, json } = command.optsWithGlobals();
      const store = full((await context.open(text)).store, 'tail');
      warnOnce(context);
      const watcher = new Watcher(store, context.listing(prefix));
      for await (const _change of watcher.look()) context.progress.show('read', watcher.size);
      context.tell(`watching ${counted(watcher.size, 'session')}; Ctrl-C ends it`);
      for (;;) {
        await pause(interval * 1000, undefined, { signal: context.signal });
        for await (const change of watcher.look()) {
          await context.out.line(json ? toJson(change, sessions) : toText(change, sessions));
        }
        await context.out.flush();
      }
    });
}

/** Each look meets the same corrupt sessions. */
function warnOnce(context: Context): void {
  const { onWarning } = context;
  const told = new Set<string>();
  context.onWarning = (warned) => {
    const what = `${warned.message} ${warned.detail}`;
    if (!told.has(what)) onWarning(warned);
    told.add(what);
  };
}

function seconds(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= 0.1 && value <= 86_400) return value;
  throw new InvalidArgumentError('It is a number of seconds, from 0.1 on.');
}

function toJson({ session, ...change }: Change, withSession: boolean): string {
  const time = new Date().toISOString();
  return printableJson(JSON.stringify({ time, ...change, ...(withSession && { session }) }));
}

function toText({ change, id, session }: Change, withSession: boolean): string {
  const time = styled('dim', new Date().toLocaleTimeString('en-GB'));
  const shown = withSession && session ? `  ${compact(session)}` : '';
  return `${time}  ${SIGNS[change]} ${printableId(id)}${shown}`;
}

function compact(session: Session): string {
  return printableJson(JSON.stringify(session));
}
