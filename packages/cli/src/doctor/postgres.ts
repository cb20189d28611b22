import type { Opened } from '../open.ts';
import { size } from '../units.ts';
import { bad, clientOf, clockFinding, type Finding, look, ok, unknown } from './finding.ts';

const TABLE = 'sessions'; // that of a store without options

const QUESTION = `SELECT
  current_setting('server_version') AS version,
  pg_is_in_recovery() AS standby,
  current_setting('fsync') AS fsync,
  current_setting('synchronous_commit') AS commit,
  current_setting('full_page_writes') AS pages,
  current_setting('synchronous_standby_names') AS standbys,
  current_setting('max_connections')::int AS most,
  (SELECT count(*)::int FROM pg_stat_activity) AS connections,
  (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS ssl,
  (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS time,
  current_user AS user`;

const ABOUT_TABLE = `SELECT
  pg_total_relation_size(c.oid)::float8 AS bytes,
  c.relpersistence = 'u' AS unlogged,
  coalesce(s.n_dead_tup, 0)::float8 AS dead,
  coalesce(s.n_live_tup, 0)::float8 AS live,
  (SELECT count(*)::int FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = c.oid AND i.indisvalid AND a.attname = 'expires_at') AS indexes,
  (SELECT array_agg(p) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p
    WHERE NOT has_table_privilege(c.oid, p)) AS forbidden
  FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.oid = to_regclass($1)`;

// biome-ignore lint/suspicious/noExplicitAny: the questions say what is in it
type Row = Record<string, any>;

export async function* examinePostgres(opened: Opened): AsyncGenerator<Finding> {
  const { Client } = clientOf(opened, 'pg');
  const client = await connected(opened.args?.[0], Client);
  try {
    const askedAt = Date.now();
    const { rows } = await client.query(QUESTION);
    const answeredAt = Date.now();
    const [server] = rows;
    yield ok('version', `PostgreSQL ${server.version}`);
    yield server.standby ? bad('role', 'a standby: it takes no writes') : ok('role', 'primary');
    yield* persistenceOf(server);
    const free = server.most - server.connections;
    const use = `${server.connections} of ${server.most} in use; a store takes up to 10`;
    yield free < 20 ? look('connections', use) : ok('connections', use);
    yield server.ssl
      ? ok('encryption', 'TLS')
      : ok('encryption', 'none: for a server near by only');
    yield clockFinding(server.time, askedAt, answeredAt);
    yield ok('eviction', 'none: a full disk refuses writes');
    yield unknown('free disk', 'PostgreSQL does not tell');
    const [table] = (await client.query(ABOUT_TABLE, [TABLE])).rows;
    if (!table) yield look('table', `there is no ${TABLE}; the first bot makes it`);
    else yield* examineTable(table, server.user);
  } finally {
    await client.end();
  }
}

function* persistenceOf({ fsync, commit, pages, standbys }: Row): Generator<Finding> {
  const doubts = [];
  if (fsync === 'off') doubts.push('fsync is off');
  if (commit === 'off') doubts.push('synchronous_commit is off');
  if (pages === 'off') doubts.push('full_page_writes is off');
  if (doubts.length > 0)
    yield look('persistence', `${doubts.join(', ')}: a crash may lose sessions`);
  else if (standbys) yield ok('persistence', `flushed, and synchronous standbys: ${standbys}`);
  else
    yield ok(
      'persistence',
      'flushed at each commit; no synchronous standby, so not the loss of a machine',
    );
}

function* examineTable(
  { bytes, unlogged, dead, live, indexes, forbidden }: Row,
  user: string,
): Generator<Finding> {
  yield ok('table', `${TABLE}, ${size(bytes)} with its indexes`);
  if (unlogged) yield bad('table', 'it is unlogged: a crash empties it');
  if (dead > live && dead > 10_000) {
    yield look('vacuum', `${dead} dead rows beside ${live}: autovacuum does not keep up`);
  }
  yield indexes > 0
    ? ok('index', 'on the ids and on the expiry')
    : look('index', 'none on expires_at: prune reads the whole table; see schemaOf');
  yield forbidden
    ? bad('permissions', `user ${user} lacks ${forbidden.join(', ')} on ${TABLE}`)
    : ok('permissions', `user ${user} may read and write ${TABLE}`);
}

/** A client of the first host of the URL that answers and takes writes, or of the last that answers. */
// biome-ignore lint/suspicious/noExplicitAny: the client of whichever version of pg
async function connected(url: string | undefined, Client: any): Promise<any> {
  const [, before = '', hosts = '', after = ''] =
    /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/s.exec(url ?? '') ?? [];
  const urls = hosts ? hosts.split(',').map((host) => `${before}${host}${after}`) : [url];
  let failure: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  let standby: any;
  for (const connectionString of urls) {
    const client = new Client({
      connectionString,
      connectionTimeoutMillis: 5000,
      query_timeout: 5000,
    });
    client.on('error', () => {}); // said by the query that fails
    try {
      await client.connect();
      const { rows } = await client.query('SELECT pg_is_in_recovery() AS standby');
      if (!rows[0].standby) {
        await standby?.end();
        return client;
      }
      await standby?.end();
      standby = client;
    } catch (error) {
      failure = error;
      await client.end().catch(() => {});
    }
  }
  if (standby) return standby;
  throw failure;
}
