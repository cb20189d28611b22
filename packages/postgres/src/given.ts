import type { ConnectionOptions } from 'node:tls';

// Not the types of pg itself, which want new types of Node and have to be installed besides.

/** A `Pool` of pg. */
export interface PostgresPool {
  readonly totalCount: number;
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
}

/** The config of pg for a `Pool`: where the server is, and how to keep connections. */
export interface PostgresConfig {
  readonly connectionString?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | (() => string | Promise<string>) | undefined;
  readonly database?: string | undefined;
  readonly ssl?: boolean | ConnectionOptions | undefined;
  readonly application_name?: string | undefined;
  /** For the server: `-c name=value`. */
  readonly options?: string | undefined;
  /** In milliseconds, like all times here except `maxLifetimeSeconds`. */
  readonly statement_timeout?: number | false | undefined;
  readonly idle_in_transaction_session_timeout?: number | undefined;
  readonly connectionTimeoutMillis?: number | undefined;
  readonly idleTimeoutMillis?: number | null | undefined;
  readonly keepAlive?: boolean | undefined;
  readonly keepAliveInitialDelayMillis?: number | undefined;
  /** The most connections; 10 by default. */
  readonly max?: number | undefined;
  /** The fewest connections to keep. */
  readonly min?: number | undefined;
  readonly maxUses?: number | undefined;
  readonly maxLifetimeSeconds?: number | undefined;
  readonly allowExitOnIdle?: boolean | undefined;
}

/** What a store connects to. */
export type Given = string | PostgresConfig | PostgresPool;

const OURS = ['table', 'autoCreate', 'expiresIn', 'timeout', 'maxSessionBytes', 'now', 'onWarning'];
const URL_PARTS = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/s;

/**
 * The pool, or a config for each host. Throws a `TypeError` for what pg cannot use, which does not
 * repeat it: it may hold a password.
 */
export function checked(given: Given): PostgresPool | PostgresConfig[] {
  if (typeof given === 'string')
    return urlsOf(given).map((connectionString) => ({ connectionString }));
  if (typeof given !== 'object' || given === null || given instanceof URL) {
    throw new TypeError('the first argument must be a URL as text, a config or a Pool of pg');
  }
  if (isPool(given)) return given;
  for (const name of OURS) {
    if (name in given) throw new TypeError(`${name} belongs in the second argument`);
  }
  const { connectionString } = given;
  if (connectionString === undefined) return [given];
  return urlsOf(connectionString).map((url) => ({ ...given, connectionString: url }));
}

function isPool(given: PostgresPool | PostgresConfig): given is PostgresPool {
  const { connect, query, totalCount } = given as Partial<PostgresPool>;
  if (typeof connect !== 'function') return false;
  if (typeof query === 'function' && typeof totalCount === 'number') return true;
  throw new TypeError('the first argument must be a Pool of pg, and no Client');
}

/** One URL for each host: pg itself knows one host only. */
function urlsOf(text: string): string[] {
  if (text.startsWith('/')) return [text]; // the folder of a socket
  const [, before, hosts, after] = URL_PARTS.exec(text) ?? [];
  const urls = hosts?.split(',').map((host) => `${before}${host}${after}`) ?? [];
  if (urls.length > 0 && urls.every((url) => URL.canParse(url.replace('@/', '@localhost/'))))
    return urls;
  throw new TypeError('the URL of a PostgreSQL server begins with postgres:// and names its host');
}
