import { LIFETIME_S, TIMEOUT_MS } from '../session.js';
import { bound, byHand, ofKeyv, promised } from './adapt.js';

const FLOOR = 'pg + JSON';
const OURS = '@sessions/postgres';
const durability = 'server, flushed';

export const cases = [
  { name: FLOOR, does: 'write', durability, open: pg },
  { name: 'connect-pg-simple', does: 'write', durability, floor: FLOOR, open: express },
  { name: '@keyv/postgres', does: 'write', durability, floor: FLOOR, open: keyv },
  { name: OURS, does: 'write', durability, floor: FLOOR, open: ours },
  { name: FLOOR, does: 'update', durability, open: byHand(pg) },
  { name: OURS, does: 'update', durability, floor: FLOOR, open: ours },
];

export async function openOurs({ url, namespace }) {
  const { PostgresSessionStore } = await import('@sessions/postgres');
  const options = { table: namespace, expiresIn: LIFETIME_S / 60, timeout: TIMEOUT_MS };
  return new PostgresSessionStore(url, options).init();
}

async function ours(place) {
  return bound(await openOurs(place));
}

async function pg({ url, namespace }) {
  const { Pool } = await import('pg');
  const pool = new Pool({ connectionString: url });
  await pool.query(
    `CREATE TABLE ${namespace} (id text PRIMARY KEY, session text, expires_at timestamptz);
     CREATE INDEX ON ${namespace} (expires_at)`,
  );
  const upsert = `INSERT INTO ${namespace} VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET session = $2, expires_at = $3`;
  const select = `SELECT session FROM ${namespace} WHERE id = $1`;
  return {
    write(id, session) {
      const expiresAt = new Date(Date.now() + LIFETIME_S * 1000);
      return pool.query(upsert, [id, JSON.stringify(session), expiresAt]);
    },
    read: async (id) => JSON.parse((await pool.query(select, [id])).rows[0].session),
    close: () => pool.end(),
  };
}

async function express({ url, namespace }) {
  const { default: session } = await import('express-session');
  const { default: connectPgSimple } = await import('connect-pg-simple');
  const store = new (connectPgSimple(session))({
    conString: url,
    tableName: namespace,
    createTableIfMissing: true,
    ttl: LIFETIME_S,
    pruneSessionInterval: false,
  });
  return promised(store, () => store.close());
}

async function keyv({ url, namespace }) {
  const { Keyv } = await import('keyv');
  const { default: KeyvPostgres } = await import('@keyv/postgres');
  const adapter = new KeyvPostgres({ uri: url, table: namespace });
  const store = new Keyv({ store: adapter, ttl: LIFETIME_S * 1000 });
  return ofKeyv(store, () => store.disconnect());
}
