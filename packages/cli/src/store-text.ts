import { fileURLToPath } from 'node:url';

// Every other scheme is the name of its package.
const NAMES: ReadonlyMap<string, string> = new Map([
  ['rediss', 'redis'],
  ['mongodb', 'mongo'],
  ['mongodb+srv', 'mongo'],
  ['postgresql', 'postgres'],
]);

export interface StoreName {
  /** Of a package, perhaps without `@sessions/`, or the path of a module. */
  readonly name: string;
  /** What the store's class is given. */
  readonly args: readonly string[];
}

/**
 * What a text such as `redis://host`, `./bot.db`, `./folder` or `name:argument` means. It is the same as
 * for `--store` of `@sessions/bot`, and beside that a path: of files, or of a database of SQLite.
 */
export function parseStore(text: string): StoreName {
  const [, name = text, rest] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (rest === undefined) {
    if (/\.(db|sqlite3?)$/i.test(text)) return { name: 'sqlite', args: [text] };
    return isFolder(text) ? { name: 'file', args: [text] } : { name, args: [] };
  }
  if (!rest.startsWith('//')) return { name, args: [rest] };
  if (name === 'file') return { name, args: [fileURLToPath(text)] };
  return { name: NAMES.get(name) ?? name, args: [text] };
}

function isFolder(text: string): boolean {
  return /^(\.|\/|[a-z]:\\)/i.test(text) && !/\.[cm]?[jt]s$/.test(text);
}
