import { opendir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expiryOf, type Found, parse } from './found.ts';

const END = '.json';

/** Bottender's `FileSessionStore`: each session in `<folder>/<id>.json`. */
export async function* readFiles(folder: string, minutes: number): AsyncGenerator<Found> {
  for await (const entry of await opendir(folder)) {
    const file = entry.name;
    if (!file.endsWith(END)) continue; // what a crash has left, or folders of @sessions/file
    if (!entry.isFile()) {
      yield { name: file, problem: 'it is no file' };
      continue;
    }
    const name = file.slice(0, -END.length);
    const session = parse(await readFile(join(folder, file), 'utf8'));
    const id = session?.id ?? name;
    if (!session) yield { name: file, problem: 'it is no JSON object' };
    else if (!isNameOf(name, id)) yield { name: file, problem: 'the id in it is of another file' };
    else yield { id, session, expiresAt: expiryOf(session, minutes) };
  }
}

/** Whether Bottender gives the file of this session that name; on Windows there is no colon in it. */
function isNameOf(name: string, id: unknown): id is string {
  return typeof id === 'string' && (id === name || id.replace(':', '@') === name);
}
