import { addAbortSignal } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { isSessionError, minutesLeft } from '@sessions/core';
import type { Command } from 'commander';
import { type Context, isFull } from '../context.ts';
import { CONFLICT, Failure } from '../failure.ts';
import { ESCAPED, idOf } from '../id.ts';
import { parseSession } from '../json.ts';
import { EXPIRES_IN } from '../lifetime.ts';

export function set(program: Command, context: Context): void {
  program
    .command('set <id> [json]')
    .summary('store a session')
    .description('Stores the JSON object, or what comes through stdin, as the session.')
    .option('--create', 'only if there is none')
    .option('--if-match <etag>', 'only over this version, of get --json')
    .option(...EXPIRES_IN)
    .option(...ESCAPED)
    .addHelpText(
      'after',
      `
One that is there keeps its lifetime; a new one gets expiresIn of sessions.config.mjs, or the store's own.
Ends with 4 when somebody changes the session meanwhile, or it is not the version that was asked for.

Examples:
  sessions set telegram:42 '{"_state":{"asking":false}}'
  sessions get telegram:42 | jq '._state.count = 0' | sessions set telegram:42 -
`,
    )
    .action(async (given: string, json: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals();
      const id = idOf(given, options.escaped);
      const isHere = json !== undefined && json !== '-';
      const session = isHere
        ? parseSession(json, 'the session')
        : parseSession(
            await textOf(addAbortSignal(context.signal, process.stdin)),
            'what came through stdin',
          );
      const { store, expiresIn } = await context.open(options.store, { makes: true });
      if (!isFull(store)) {
        if (options.create || options.ifMatch || options.expiresIn) {
          throw new Failure('this store has only the five methods: no versions, no lifetimes');
        }
        await store.write(id, session);
        return;
      }
      const found = options.create ? null : await store.readVersion(id);
      const ifMatch: string | null = options.ifMatch ?? found?.etag ?? null;
      const lifetime =
        options.expiresIn ?? (found ? minutesLeft(found.expiresAt, Date.now()) : expiresIn);
      try {
        await store.write(id, session, { ifMatch, ...(lifetime > 0 && { expiresIn: lifetime }) });
      } catch (error) {
        if (!isSessionError(error, 'CONFLICT')) throw error;
        const why = options.create ? 'there is one' : 'another version is there';
        throw new Failure(`${why}: nothing was changed`, CONFLICT);
      }
    });
}
