import { isDeepStrictEqual } from 'node:util';
import { type FullSessionStore, isSessionError, minutesLeft, type Version } from '@sessions/core';
import type { Command } from 'commander';
import { type Context, full } from '../context.ts';
import { EditedFile } from '../editor.ts';
import { CONFLICT, Failure, FOUND } from '../failure.ts';
import { ESCAPED, idOf } from '../id.ts';
import { parseSession } from '../json.ts';
import { EXPIRES_IN } from '../lifetime.ts';
import { printable, printableJson } from '../printable.ts';

export function edit(program: Command, context: Context): void {
  program
    .command('edit <id>')
    .summary('change a session in your editor')
    .description('Opens the session in $VISUAL or $EDITOR, and stores what you save.')
    .option(...EXPIRES_IN)
    .option(...ESCAPED)
    .addHelpText(
      'after',
      `
It is stored only over the version that you saw, and keeps the rest of its lifetime. When a bot was
faster, you see both versions, your text stays in a file, and it ends with 4.

Examples:
  sessions edit telegram:42
  EDITOR='code --wait' sessions edit telegram:42
`,
    )
    .action(async (given: string, _, command: Command) => {
      const options = command.optsWithGlobals();
      const id = idOf(given, options.escaped);
      const store = full((await context.open(options.store)).store, 'edit');
      const seen = await store.readVersion(id);
      if (!seen) throw new Failure('there is no session with this id; set makes one', FOUND);
      const file = await EditedFile.with(asText(seen));
      try {
        context.isDeaf = true; // Ctrl-C is the editor's
        const text = await file.edit().finally(() => {
          context.isDeaf = false;
        });
        const done = await save(store, id, seen, text, options.expiresIn);
        context.tell(done ? 'stored' : 'you changed nothing');
      } catch (error) {
        const isConflict = isSessionError(error, 'CONFLICT');
        if (isConflict) await showBoth(store, id, file, context);
        if (await file.says(asText(seen))) {
          await file.remove();
          context.tell('not stored: you changed nothing');
        } else {
          context.tell(`not stored; your text is in ${file.path}`);
        }
        throw isConflict ? new Failure('another version is there by now', CONFLICT) : error;
      }
      await file.remove();
    });
}

/** Stores the text, unless it says what was seen; whether it did. */
async function save(
  store: FullSessionStore,
  id: string,
  seen: Version,
  text: string,
  expiresIn: number | undefined,
): Promise<boolean> {
  const session = parseSession(text, 'what you saved');
  const isSame = isDeepStrictEqual(session, JSON.parse(JSON.stringify(seen.session)));
  if (isSame && expiresIn === undefined) return false;
  const lifetime = expiresIn ?? minutesLeft(seen.expiresAt, Date.now());
  if (!(lifetime > 0)) throw new Failure('the session has expired meanwhile', CONFLICT);
  await store.write(id, session, { ifMatch: seen.etag, expiresIn: lifetime });
  return true;
}

async function showBoth(
  store: FullSessionStore,
  id: string,
  file: EditedFile,
  context: Context,
): Promise<void> {
  const now = await store.readVersion(id);
  const stored = now ? `What is stored now:\n${asText(now)}` : 'The session is not there any more.';
  await context.out.line(`${stored}\nWhat you saved:\n${printable(await file.text())}`);
  await context.out.flush();
}

function asText({ session }: Version): string {
  return `${printableJson(JSON.stringify(session, null, 2))}\n`;
}
