import { closeSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SessionError } from '@sessions/core';
import { inTransaction } from './transactions.ts';

const VERSION = 1;

// With a rowid: without one, SQLite keeps rows of a KB in pieces. The session comes last, as what
// stands behind a long text takes long to read.
const schemaOf = (table: string) => `
CREATE TABLE "${table}" (
  id BLOB NOT NULL PRIMARY KEY,
  etag TEXT NOT NULL,
  history TEXT NOT NULL,
  expires_at INTEGER,
  checksum INTEGER NOT NULL,
  session TEXT NOT NULL
) STRICT;
CREATE INDEX "${table}_expires_at" ON "${table}" (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE "${table}_schema" (version INTEGER NOT NULL) STRICT;
INSERT INTO "${table}_schema" VALUES (${VERSION});`;

export function openFile(path: string): DatabaseSync {
  // Not imported: then an older Node can load this module, and is told what it lacks.
  const sqlite = process.getBuiltinModule?.('node:sqlite');
  if (!sqlite) {
    const what = `@sessions/sqlite needs Node 22.13 or later, and this is ${process.version}`;
    throw new SessionError('UNAVAILABLE', what);
  }
  try {
    closeSync(openSync(targetOf(path), 'wx', 0o600)); // SQLite gives the files beside it the same mode
  } catch {
    // It is there, or SQLite will say why it cannot be.
  }
  return new sqlite.DatabaseSync(path);
}

/** Where links lead, if it is one: perhaps to where nothing is yet. */
function targetOf(path: string): string {
  try {
    return targetOf(resolve(realpathSync(dirname(path)), readlinkSync(path)));
  } catch {
    return path;
  }
}

/** Sees to how the database keeps what is written, and to the table. */
export function setUp(database: DatabaseSync, table: string, synchronous: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode;
  if (mode !== 'wal') {
    throw new SessionError('UNAVAILABLE', `the database has journal_mode ${mode}; it must be WAL`);
  }
  // Without `fullfsync`, macOS leaves what is flushed in the cache of the disk.
  database.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA fullfsync = 1`);
  if (versionOf(database, table) === undefined) {
    inTransaction(database, () => {
      // Somebody else may have made it meanwhile.
      if (versionOf(database, table) === undefined) database.exec(schemaOf(table));
    });
  }
  const version = versionOf(database, table);
  if (version !== VERSION) {
    const what = `the table ${table} is of version ${version}, which takes a newer @sessions/sqlite`;
    throw new SessionError('UNAVAILABLE', what);
  }
}

// Not `user_version`: that is the application's, where it keeps more in the database than sessions.
function versionOf(database: DatabaseSync, table: string): number | undefined {
  const isThere = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  if (!isThere.get(`${table}_schema`)) return undefined;
  return Number(database.prepare(`SELECT version FROM "${table}_schema"`).get()?.version);
}

export type Statements = Record<Name, StatementSync>;
type Name = 'get' | 'put' | 'delete' | 'nextEntry' | 'nextId' | 'prune';

export function prepare(database: DatabaseSync, table: string): Statements {
  // As floating-point numbers: an integer too large to be safe would throw.
  const expiresAt = 'expires_at + 0.0 AS expiresAt';
  const columns = `etag, history, ${expiresAt}, checksum, session`;
  const next = `FROM "${table}" WHERE id >= ? AND id < ? ORDER BY id LIMIT 1`;
  const put = ['etag', 'history', 'expires_at', 'checksum', 'session'];
  const statements = {
    get: database.prepare(`SELECT ${columns} FROM "${table}" WHERE id = ?`),
    put: database.prepare(`INSERT INTO "${table}" (id, ${put}) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET ${put.map((name) => `${name} = excluded.${name}`)}`),
    delete: database.prepare(`DELETE FROM "${table}" WHERE id = ? AND etag = ifnull(?, etag)`),
    nextEntry: database.prepare(`SELECT id, ${columns} ${next}`),
    nextId: database.prepare(`SELECT id, ${expiresAt} ${next}`),
    prune: database.prepare(`DELETE FROM "${table}" WHERE rowid IN
      (SELECT rowid FROM "${table}" WHERE expires_at <= ? LIMIT 20)`),
  };
  // The caller's database may have other ideas.
  for (const statement of Object.values(statements)) statement.setReadBigInts(false);
  return statements;
}
