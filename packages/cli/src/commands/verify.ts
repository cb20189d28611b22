import { hashId } from '@sessions/core';
import type { Command } from 'commander';
import { type Context, full, type Warned } from '../context.ts';
import { FOUND } from '../failure.ts';
import type { Opened } from '../open.ts';
import { printableId, printableJson, problemLine } from '../printable.ts';
import { count, counted } from '../units.ts';

interface Broken {
  readonly code: string | undefined;
  readonly problem: string;
  /** SHA-256 of the id, as far as it is known. */
  readonly idHash?: string;
  id?: string;
  readonly file?: string;
}

export function verify(program: Command, context: Context): void {
  program
    .command('verify [prefix]')
    .summary('read everything, and list what is corrupt')
    .description('Reads all sessions, or those whose ids begin so, and lists what cannot be read.')
    .option('--json', 'one JSON object for each, one line each')
    .addHelpText(
      'after',
      `
For each it tells the id, where the store lists it, or the hash of the id (SHA-256), and the file. Ends with
3 when there is one. It changes nothing: rm removes a session that is corrupt.

Examples:
  sessions verify
  sessions verify --json | jq -r .file
`,
    )
    .action(async (prefix: string | undefined, _, command: Command) => {
      const { store: text, json } = command.optsWithGlobals();
      const opened = await context.open(text);
      const store = full(opened.store, 'verify');
      const broken: Broken[] = [];
      context.onWarning = (warned) => {
        if (warned.code) broken.push(brokenBy(warned, opened));
      };
      let read = 0;
      for await (const _version of store.versions(context.listing(prefix))) {
        context.progress.show('read', ++read);
      }
      await new Promise(setImmediate); // warnings come a moment later
      context.progress.clear();
      await findIds(broken, opened, context, prefix);
      for (const each of broken) {
        await context.out.line(json ? printableJson(JSON.stringify(each)) : toText(each));
      }
      if (broken.length > 0) context.exitCode = FOUND;
      context.tell(`${counted(read, 'session')} read, ${count(broken.length)} cannot be`);
    });
}

function brokenBy({ code, message, detail }: Warned, { name, args }: Opened): Broken {
  const idHash = /\b[0-9a-f]{64}\b/.exec(detail ?? '')?.[0];
  const folder = args?.[0] ?? '.sessions';
  const isFile = idHash !== undefined && name === 'file';
  return {
    code,
    problem: message,
    ...(idHash && { idHash }),
    ...(isFile && { file: `${folder}/${idHash.slice(0, 2)}/${idHash}.json` }),
  };
}

/** Many stores list the id of a record that they cannot read. */
async function findIds(
  broken: readonly Broken[],
  { store }: Opened,
  context: Context,
  prefix: string | undefined,
): Promise<void> {
  // Of @sessions/file nobody but the record itself knows the id.
  const nameless = broken.filter(({ idHash, file }) => idHash && !file);
  const byHash = new Map(nameless.map((each) => [each.idHash, each]));
  if (byHash.size === 0) return;
  context.onWarning = () => {}; // the same ones again, where ids come from the records
  context.progress.wait('looking for the ids');
  for await (const id of full(store, 'verify').ids(context.listing(prefix))) {
    const hash = hashId(id);
    const found = byHash.get(hash);
    if (!found) continue;
    found.id = id;
    byHash.delete(hash);
    if (byHash.size === 0) return;
  }
}

function toText({ code, problem, id, idHash, file }: Broken): string {
  const where = id !== undefined ? printableId(id) : (file ?? idHash ?? '');
  return problemLine(code, where, problem);
}
