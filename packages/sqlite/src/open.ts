import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { SessionError } from '@sessions/core';
import { rollBack } from './transactions.ts';

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
    closeSync(openSync(path, 'wx', 0o600)); // SQLite gives the files beside it the same mode
  } catch {
    // It is there, or SQLite will say why it cannot be.
  }
  return new sqlite.DatabaseSync(path);
}

/** Sees to how the database keeps what is written, and to the table. */
export function setUp(database: DatabaseSync, table: string, synchronous: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode;
  if (mode !== 'wal') {
    throw new SessionError('UNAVAILABLE', `the database has journal_mode ${mode}; it must be WAL`);
  }
  // Without `fullfsync`, macOS leaves what is flushed in the cache of the disk.
  database.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA fullfsync = 1`);
  if (versionOf(database, table) === undefined) makeTable(database, table);
  const version = versionOf(database, table);
  if (version !== VERSION) {
    const what = `the table ${table} is of version ${version}, which takes a newer @sessions/sqlite`;
    throw new SessionError('UNAVAILABLE', what);
  }
}

function makeTable(database: DatabaseSync, table: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    // Somebody else may have made it meanwhile.
    if (versionOf(database, table) === undefined) database.exec(schemaOf(table));
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

// Not `user_version`: that is the application's, where it keeps more in the database than sessions.
function versionOf(database: DatabaseSync, table: string): number | undefined {
  const isThere = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  if (!isThere.get(`${table}_schema`)) return undefined;
  return Number(database.prepare(`SELECT version FROM "${table}_schema"`).get()?.version);
}
