import { hash } from 'node:crypto';
import { HISTORY_LENGTH } from '@sessions/core';

// The server cuts names to 63 bytes: those of two tables to one, and that of an index to its table's.
const LONGEST_NAME = 62;

/** What pg is told of a statement besides its values. Not the type of pg, which users have not installed. */
export interface Query {
  readonly text: string;
  /** Under which each connection keeps it, parsed. */
  readonly name?: string;
  readonly rowMode: 'array';
  readonly types: { getTypeParser(): (text: string) => string };
}

export interface Statement {
  readonly named: Query;
  readonly unnamed: Query;
  /** Whether it changes what is stored. Then a parameter more is for how long it may wait for a lock. */
  readonly isChange?: true;
  /** Whether one more is its deadline, after which it changes nothing. */
  readonly hasDeadline?: true;
}

const types = { getTypeParser: () => String };

/** A statement that is asked too seldom to be kept. */
function once(text: string): Statement {
  const query: Query = { text, types, rowMode: 'array' };
  return { named: query, unnamed: query };
}

function kept(text: string): Statement {
  const { unnamed } = once(text);
  return { named: { ...unnamed, name: `sessions ${hash('sha1', text)}` }, unnamed };
}

/** What is asked of each new connection, and again after a while: the time, in milliseconds. */
export const GREETING: Statement = once(
  'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text, pg_is_in_recovery()::text',
);

const change = (text: string): Statement => ({ ...kept(text), isChange: true });

// Evaluated when every lock has been waited for, as the last before the commit: a division by zero
// undoes what came too late.
const changeUnlessLate = (text: string, deadline: string): Statement => ({
  ...change(
    `${text} RETURNING 1 / (clock_timestamp() < to_timestamp(${deadline}::float8 / 1000))::int`,
  ),
  hasDeadline: true,
});

// Nobody waits for a row that others hold after its call is over: for this statement alone.
const patience = (ms: string) => `set_config('lock_timeout', ${ms}, true) <> ''`;

// Fails for all else than a JSON object: nothing is put in place of a session that cannot be read.
const isIntact = (session: string) =>
  `replace(json_typeof(${session}::json), 'object', 'true')::boolean`;

/** Gives the SQL that creates the table of a store, with this name, and its index. */
export function schemaOf(table = 'sessions'): string {
  const name = quotedName(table);
  const index = quoted(`${namesOf(table).at(-1)}_expires_at`);
  return `CREATE TABLE IF NOT EXISTS ${name} (
  id bytea PRIMARY KEY,
  session text NOT NULL,
  expires_at bigint,
  etag text NOT NULL,
  history text[] NOT NULL
);
CREATE INDEX IF NOT EXISTS ${index} ON ${name} (expires_at);`;
}

/** Creates what is missing, one process at a time, unless it has to wait for longer than so many milliseconds. */
export function createFor(table: string, ms: number): Statement {
  const lock = `pg_advisory_xact_lock(x'73657373696f6e73'::bigint)`; // 'sessions'
  return once(`SELECT set_config('lock_timeout', '${ms}', true), ${lock}; ${schemaOf(table)}`);
}

export type Statements = Readonly<Record<Reading | Change, Statement>>;
type Reading = 'look' | 'get' | 'entries' | 'ids';
type Change = 'replace' | 'create' | 'write' | 'remove' | 'destroy' | 'prune';

export function statementsFor(table: string): Statements {
  const t = quotedName(table);
  // All answers are text, so that no type parser or binary mode of a caller's pool matters, and a
  // prepared statement outlives a change of the columns.
  const record = 'session::text, expires_at::text, etag::text, to_json(history)::text';
  const insert = `INSERT INTO ${t} AS old (id, session, expires_at, etag, history)
    SELECT $1::bytea, $2::text, $3::bigint, $4::text, $5::text[] WHERE ${patience('$6')}`;
  const isNew = '$4 <> old.etag AND $4 <> ALL (old.history)';
  return {
    look: kept(`SELECT current_setting('server_encoding'), to_regclass($1)::text,
      (SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass($1)),
      current_setting('fsync'), current_setting('synchronous_commit')`),
    get: kept(`SELECT ${record} FROM ${t} WHERE id = $1`),
    replace: change(`UPDATE ${t} AS old SET session = $2, expires_at = $3, etag = $4, history = $5
      WHERE id = $1 AND etag = $6 AND ${isNew} AND ${isIntact('session')} AND ${patience('$7')}`),
    create: changeUnlessLate(`${insert} ON CONFLICT (id) DO NOTHING`, '$7'),
    write: changeUnlessLate(
      `${insert} ON CONFLICT (id) DO UPDATE
      SET session = excluded.session, expires_at = excluded.expires_at, etag = excluded.etag,
        history = array_prepend(old.etag, old.history[1:${HISTORY_LENGTH - 1}])
      WHERE ${isNew} AND ${isIntact('old.session')}`,
      '$7',
    ),
    remove: change(`DELETE FROM ${t} WHERE id = $1 AND etag = $2 AND ${patience('$3')}`),
    destroy: changeUnlessLate(`DELETE FROM ${t} WHERE id = $1 AND ${patience('$2')}`, '$3'),
    // Of what comes first, at most so many rows and bytes, but one at least.
    entries: kept(`SELECT encode(id, 'hex'), ${record} FROM (
        SELECT *, sum(octet_length(session)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS bytes
        FROM (SELECT * FROM ${t} WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 100) AS rows
      ) AS page WHERE bytes <= 4194304 OR bytes = octet_length(session) ORDER BY id`),
    ids: kept(`SELECT encode(id, 'hex'), expires_at::text
      FROM ${t} WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 1000`),
    // The first condition once more, for those that are renewed meanwhile.
    prune:
      change(`DELETE FROM ${t} WHERE expires_at <= $1 AND ${patience('$2')} AND id = ANY (ARRAY(
      SELECT id FROM ${t} WHERE expires_at <= $1
      ORDER BY expires_at LIMIT 500 FOR UPDATE SKIP LOCKED))`),
  };
}

/** The name as it stands in SQL. Throws a `TypeError` for what is none. */
export function quotedName(table: string): string {
  return namesOf(table).map(quoted).join('.');
}

function namesOf(table: unknown): string[] {
  const names = typeof table === 'string' ? table.split('.') : [];
  if (names.length < 1 || names.length > 2 || names.includes('') || `${table}`.includes('\0')) {
    throw new TypeError('table must be the name of a table, or of a schema and a table');
  }
  if (names.some((name) => Buffer.byteLength(name) > LONGEST_NAME)) {
    throw new TypeError(`table must have names of at most ${LONGEST_NAME} bytes`);
  }
  return names;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
