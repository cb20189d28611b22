import { existsSync, readdirSync } from 'node:fs';
import { Failure } from './failure.ts';
import { findSqlite } from './sqlite.ts';

/** There is no store: opening one would make it, and whoever looks makes nothing. */
export class NothingThere extends Failure {}

const OF_A_STORE = /^(\.store-[0-9a-f]{16}|locks|[0-9a-f]{2})$/;

/** Fails unless there is something to look at, in the path of a store of our own packages. */
export function checkPath(name: string, path: string): void {
  if (!existsSync(path)) throw new NothingThere(`there is no ${path}`);
  try {
    if (name === 'sqlite' ? hasTable(path) : isStore(path)) return;
  } catch {
    return; // the store says what is wrong
  }
  const what = name === 'sqlite' ? 'table sessions' : 'store of @sessions/file';
  throw new NothingThere(`there is no ${what} in ${path}`);
}

function isStore(path: string): boolean {
  return readdirSync(path).some((each) => OF_A_STORE.test(each));
}

function hasTable(path: string): boolean {
  // Not `readOnly`: that would leave the files of the WAL behind.
  const database = new (findSqlite().DatabaseSync)(path, { readOnly: false });
  try {
    const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'sessions'";
    return database.prepare(sql).get() !== undefined;
  } finally {
    database.close();
  }
}
