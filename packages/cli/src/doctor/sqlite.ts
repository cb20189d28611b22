import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Opened } from '../open.ts';
import { findSqlite } from '../sqlite.ts';
import { size } from '../units.ts';
import { examineDisk } from './disk.ts';
import { bad, type Finding, look, ok } from './finding.ts';

const LARGE_WAL = 100_000_000;

export async function* examineSqlite({ args }: Opened): AsyncGenerator<Finding> {
  const path = resolve(args?.[0] ?? 'sessions.db');
  const database = new (findSqlite().DatabaseSync)(path, { readOnly: true });
  try {
    const ask = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
    yield ok('version', `SQLite ${ask('SELECT sqlite_version()')}`);
    const mode = ask('PRAGMA journal_mode');
    yield mode === 'wal'
      ? ok(
          'persistence',
          'WAL, flushed at each commit (synchronous FULL), unless the bot says otherwise',
        )
      : bad('persistence', `journal_mode ${mode}, and not WAL`);
    const index = ask("SELECT 1 FROM sqlite_schema WHERE name = 'sessions_expires_at'");
    yield index
      ? ok('index', 'on the ids and on the expiry')
      : look('index', 'there is no table sessions with an index on the expiry');
    const pages = Number(ask('PRAGMA page_count'));
    const free = Number(ask('PRAGMA freelist_count'));
    yield ok(
      'size',
      `${size((await stat(path)).size)}, ${Math.round((free / pages) * 100) || 0} % of it free`,
    );
  } finally {
    database.close();
  }
  const wal = await stat(`${path}-wal`).catch(() => undefined);
  if (wal && wal.size > LARGE_WAL) {
    yield look('WAL', `${size(wal.size)}: a reader that never ends keeps it from being taken in`);
  }
  yield* examineDisk(path);
  yield ok('clock', "this host's alone");
}
