import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { type Context, full } from '../context.ts';
import { Failure, MISUSED } from '../failure.ts';
import { Output } from '../output.ts';
import { printableJson } from '../printable.ts';
import { counted } from '../units.ts';

export function exportSessions(program: Command, context: Context): void {
  program
    .command('export [prefix]')
    .summary('write sessions as lines of JSON')
    .description('Writes one JSON object for each session: id, expiresAt (ms, or null), session.')
    .option('-o, --output <file>', 'a file, which is there once all is in it')
    .addHelpText(
      'after',
      `
The file is for you alone (mode 600). An older one is replaced at the end.

Examples:
  sessions export --output backup.ndjson
  sessions export telegram: | gzip > telegram.ndjson.gz
`,
    )
    .action(async (prefix: string | undefined, _, command: Command) => {
      const { store: text, output } = command.optsWithGlobals();
      const store = full((await context.open(text)).store, 'export');
      let exported = 0;
      const writeTo = async (out: Output) => {
        for await (const [id, version] of store.versions(context.listing(prefix))) {
          const { session, expiresAt } = version;
          await out.line(printableJson(JSON.stringify({ id, expiresAt, session })));
          exported++;
          if (output || !process.stdout.isTTY) context.progress.show('exported', exported);
        }
        await out.flush();
      };
      if (output) await intoFile(output, context.signal, writeTo);
      else await writeTo(context.out);
      context.tell(`${counted(exported, 'session')} exported`);
    });
}

/** Puts what is written in place of the file, when all of it is there. */
async function intoFile(
  path: string,
  signal: AbortSignal,
  writeTo: (out: Output) => Promise<void>,
): Promise<void> {
  // As root, a rename would replace a device.
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) throw new Failure(`${path} is no file`, MISUSED);
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const stream = createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true });
  const done = finished(stream);
  try {
    await Promise.race([done, writeTo(new Output(stream, signal))]); // it fails for a full disk
    stream.end();
    await done;
    await rename(temporary, path);
  } catch (error) {
    stream.destroy();
    await done.catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}
