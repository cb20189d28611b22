import type { Session, SessionStore } from '@sessions/core';
import type { Command } from 'commander';
import { type Context, isFull } from '../context.ts';
import { Failure } from '../failure.ts';
import { bytesOf, type Listed, lastActivityOf, listed } from '../listed.ts';
import { printableId, printableJson } from '../printable.ts';
import { counted, duration, size } from '../units.ts';

export function ls(program: Command, context: Context): void {
  program
    .command('ls [prefix]')
    .summary('the sessions whose ids begin so')
    .description(
      'Lists the sessions, or those whose ids begin with the prefix: size, last activity, expires in, id.',
    )
    .option('--ids', 'the ids alone, which most stores list without reading the sessions')
    .option('--json', 'one JSON object for each line')
    .addHelpText(
      'after',
      `
Size is that of the session as JSON. Last activity is what bots of @sessions/bot write into the session; for
others it is told from the expiry, where sessions.config.mjs says how long sessions live (expiresIn).

Examples:
  sessions ls telegram: --store redis://localhost
  sessions ls --json | jq -r 'select(.bytes > 100000).id'
`,
    )
    .action(async (prefix: string | undefined, _, command: Command) => {
      const { store: text, ids, json } = command.optsWithGlobals();
      const { store, expiresIn } = await context.open(text);
      const listing = context.listing(prefix);
      context.progress.wait('searching');
      if (ids && isFull(store)) {
        for await (const id of store.ids(listing)) await context.out.line(line(id, json));
        return;
      }
      if (!json && !ids) await context.out.line('    size  active   expires  id');
      const found = isFull(store)
        ? listed(store.versions(listing), expiresIn)
        : ofFiveMethods(store, prefix, context);
      for await (const each of found) {
        await context.out.line(ids ? line(each.id, json) : json ? toJson(each) : toText(each));
      }
    });
}

function line(id: string, json: boolean): string {
  return json ? printableJson(JSON.stringify({ id })) : printableId(id);
}

function toJson(each: Listed): string {
  return printableJson(JSON.stringify(each));
}

function toText({ id, bytes, lastActivity, expiresAt }: Listed): string {
  const now = Date.now();
  const active = lastActivity === null ? '-' : duration(now - lastActivity);
  const expires =
    expiresAt === undefined ? '-' : expiresAt === null ? 'never' : duration(expiresAt - now);
  return `${size(bytes).padStart(8)}  ${active.padStart(6)}  ${expires.padStart(8)}  ${printableId(id)}`;
}

/** Such a store tells no ids; those that bots write into the sessions have to do. */
async function* ofFiveMethods(
  store: SessionStore,
  prefix: string | undefined,
  context: Context,
): AsyncGenerator<Listed> {
  context.tell('this store has only the five methods: it tells no ids but those in the sessions');
  const sessions = await store.all();
  const withoutId = sessions.filter(({ id }: Session) => typeof id !== 'string').length;
  if (withoutId > 0 && !prefix) {
    context.tell(
      `${counted(withoutId, 'session')} ${withoutId === 1 ? 'has' : 'have'} no id in it`,
    );
  }
  for (const session of sessions) {
    if (typeof session.id !== 'string' || !session.id.startsWith(prefix ?? '')) continue;
    const { id } = session;
    yield { id, bytes: bytesOf(session), lastActivity: lastActivityOf(session, null, undefined) };
  }
  if (withoutId === sessions.length && withoutId > 0) throw new Failure('there is no id to list');
}
