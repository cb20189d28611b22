import { join } from 'node:path';
import { LIFETIME_S, TIMEOUT_MS } from '../session.js';
import { bound, byHand, ofKeyv, promised } from './adapt.js';

const FLOOR = 'node:sqlite + JSON';
const LOOSE = 'node:sqlite + JSON, NORMAL';
const OURS = '@sessions/sqlite';
const OURS_LOOSE = '@sessions/sqlite, NORMAL';
const FULL = 'flushed';
const NORMAL = 'not flushed';

// The peers fail where sqlite3, their client, could not be built.
export const cases = [
  { name: FLOOR, does: 'write', durability: FULL, open: sqlite('FULL') },
  { name: 'connect-sqlite3', does: 'write', durability: FULL, floor: FLOOR, open: express },
  { name: '@keyv/sqlite', does: 'write', durability: FULL, floor: FLOOR, open: keyv },
  { name: OURS, does: 'write', durability: FULL, floor: FLOOR, open: ours('FULL') },
  { name: LOOSE, does: 'write', durability: NORMAL, open: sqlite('NORMAL') },
  { name: OURS_LOOSE, does: 'write', durability: NORMAL, floor: LOOSE, open: ours('NORMAL') },
  { name: FLOOR, does: 'update', durability: FULL, open: byHand(sqlite('FULL')) },
  { name: OURS, does: 'update', durability: FULL, floor: FLOOR, open: ours('FULL') },
  { name: LOOSE, does: 'update', durability: NORMAL, open: byHand(sqlite('NORMAL')) },
  { name: OURS_LOOSE, does: 'update', durability: NORMAL, floor: LOOSE, open: ours('NORMAL') },
];

export async function openOurs({ folder }, flush = true) {
  const { SqliteSessionStore } = await import('@sessions/sqlite');
  return new SqliteSessionStore(join(folder, 'sessions.db'), {
    expiresIn: LIFETIME_S / 60,
    timeout: TIMEOUT_MS,
    synchronous: flush ? 'FULL' : 'NORMAL',
  }).init();
}

function ours(synchronous) {
  return async (place) => bound(await openOurs(place, synchronous === 'FULL'));
}

function sqlite(synchronous) {
  return async ({ folder }) => {
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(join(folder, 'sessions.db'));
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};
      CREATE TABLE sessions (id TEXT PRIMARY KEY, session TEXT, expires_at INTEGER) STRICT;
      CREATE INDEX expires_at ON sessions (expires_at)`);
    const put = database.prepare(`INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT (id)
      DO UPDATE SET session = excluded.session, expires_at = excluded.expires_at`);
    const get = database.prepare('SELECT session FROM sessions WHERE id = ?');
    return {
      write: async (id, session) => {
        put.run(id, JSON.stringify(session), Date.now() + LIFETIME_S * 1000);
      },
      read: async (id) => JSON.parse(get.get(id).session),
      close: () => database.close(),
    };
  };
}

async function express({ folder }) {
  const { default: session } = await import('express-session');
  const { default: connectSqlite3 } = await import('connect-sqlite3');
  const Store = connectSqlite3({ Store: session.Store });
  const store = new Store({ dir: folder, db: 'sessions.db', concurrentDb: true });
  await new Promise((resolve) => store.client.once('connect', resolve));
  return promised(store);
}

async function keyv({ folder }) {
  const { Keyv } = await import('keyv');
  const { default: KeyvSqlite } = await import('@keyv/sqlite');
  const adapter = new KeyvSqlite({ uri: `sqlite://${join(folder, 'sessions.db')}` });
  const store = new Keyv({ store: adapter, ttl: LIFETIME_S * 1000 });
  return ofKeyv(store, () => store.disconnect());
}
