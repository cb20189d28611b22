import { createReadStream } from 'node:fs';
import { concurrently, type FullSessionStore, isSessionError, minutesLeft } from '@sessions/core';
import type { Command } from 'commander';
import { type Context, full } from '../context.ts';
import { Failure, FOUND } from '../failure.ts';
import { type Line, linesOf, readLine, refusalOf } from '../lines.ts';
import { count, counted } from '../units.ts';

type Outcome = 'imported' | 'kept' | 'expired' | 'refused';

export function importSessions(program: Command, context: Context): void {
  program
    .command('import [file]')
    .summary('store sessions from lines of JSON')
    .description('Stores what export has written: from the file, or from stdin.')
    .option('--overwrite', 'also over sessions that are there')
    .option('--dry-run', 'reads all, and writes nothing')
    .addHelpText(
      'after',
      `
A session that is there stays, unless you say --overwrite. One whose time is over by now is left out.
A line without expiresAt gets expiresIn of sessions.config.mjs, or the store's own lifetime.
What is no session is told with its line, all else goes on, and it ends with 3.

Examples:
  sessions import backup.ndjson --dry-run
  gunzip -c telegram.ndjson.gz | sessions import
`,
    )
    .action(async (path: string | undefined, _, command: Command) => {
      const { store: text, overwrite, dryRun } = command.optsWithGlobals();
      const input = path && path !== '-' ? createReadStream(path) : process.stdin;
      const opened = await context.open(text, { makes: !dryRun });
      const store = full(opened.store, 'import');
      const importer = new Importer(store, { overwrite, dryRun, expiresIn: opened.expiresIn });
      const counts = { imported: 0, kept: 0, expired: 0, refused: 0 };
      const take = async (line: Line) => {
        try {
          counts[await importer.take(line)]++;
        } catch (error) {
          context.tell(refusalOf(error, line));
          counts.refused++;
          context.exitCode = FOUND;
        }
        const { imported, kept, expired, refused } = counts;
        context.progress.show('imported', imported + kept + expired + refused);
      };
      let isOver = false;
      try {
        await concurrently(linesOf(input, context.signal), take);
        isOver = true;
      } finally {
        const { imported, kept, expired, refused } = counts;
        const verb = dryRun ? 'to import' : 'imported';
        context.tell(
          `${counted(imported, 'session')} ${verb}, ${count(kept)} there already, ` +
            `${count(expired)} expired, ${count(refused)} refused`,
        );
        if (!isOver && !dryRun) context.tell('run it again for the rest');
      }
    });
}

interface How {
  readonly overwrite: boolean | undefined;
  readonly dryRun: boolean | undefined;
  /** Minutes, for lines that tell no lifetime. */
  readonly expiresIn: number | undefined;
}

class Importer {
  readonly #store: FullSessionStore;
  readonly #how: How;

  constructor(store: FullSessionStore, how: How) {
    this.#store = store;
    this.#how = how;
  }

  async take(line: Line): Promise<Outcome> {
    const { overwrite, dryRun, expiresIn: usual } = this.#how;
    const { id, session, expiresAt } = readLine(line);
    if (session === undefined) throw new Failure(`line ${line.number}: it has no session`);
    const expiresIn = expiresAt === undefined ? usual : minutesLeft(expiresAt, Date.now());
    if (expiresIn !== undefined && !(expiresIn > 0)) return 'expired';
    if (dryRun) {
      const found = overwrite ? null : await this.#store.readVersion(id);
      return found ? 'kept' : 'imported';
    }
    try {
      const condition = overwrite ? {} : { ifMatch: null };
      await this.#store.write(id, session, { expiresIn, ...condition });
      return 'imported';
    } catch (error) {
      if (isSessionError(error, 'CONFLICT')) return 'kept';
      throw error;
    }
  }
}
