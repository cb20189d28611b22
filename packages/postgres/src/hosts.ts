import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool, type PoolConfig } from 'pg';

/** What the store is to connect to: a URL, a config or a `Pool` of pg. */
export type Given = string | PoolConfig | Pool;

const SECOND = [
  'table',
  'autoCreate',
  'prepare',
  'expiresIn',
  'timeout',
  'maxSessionBytes',
  'now',
  'onWarning',
];
const URL_PARTS = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/s;
const LAST_WORDS = 50; // ms, for telling a server that answers

const ignore = () => {};

/** The pool of each host that the URL names; one of them leads to the primary. */
export class Hosts {
  readonly #pools: readonly Pool[];
  readonly #isOwn: boolean;
  readonly #sockets = new Set<Socket>();
  #current = 0;

  constructor(given: Pool | readonly PoolConfig[], timeout: number) {
    this.#isOwn = Array.isArray(given);
    this.#pools = [given].flat().map((each) => (isPool(each) ? each : this.#pool(each, timeout)));
    for (const pool of this.#pools) {
      // Of connections that break while nobody uses them. Several stores may have one pool.
      if (!pool.listeners('error').includes(ignore)) pool.on('error', ignore);
    }
  }

  get current(): Pool {
    return this.#pools[this.#current] as Pool;
  }

  /** Goes on to the next host, unless others have. */
  leave(pool: Pool): void {
    if (pool === this.current) this.#current = (this.#current + 1) % this.#pools.length;
  }

  async close(): Promise<void> {
    if (!this.#isOwn) return;
    const ended = this.#pools.map((pool) => pool.end());
    await Promise.race([Promise.all(ended), pause(LAST_WORDS)]);
    for (const socket of this.#sockets) socket.destroy();
  }

  #pool(config: PoolConfig, timeout: number): Pool {
    return new Pool({
      // A far server needs a second for TCP and TLS, however short a call may wait.
      connectionTimeoutMillis: Math.max(1000, Math.min(timeout, 10_000)),
      keepAlive: true,
      stream: () => this.#socket(),
      ...config,
    });
  }

  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    return socket.once('close', () => this.#sockets.delete(socket));
  }
}

function isPool(given: Pool | PoolConfig): given is Pool {
  const { connect, query, totalCount } = given as Partial<Pool>;
  if (typeof connect !== 'function') return false;
  if (typeof query === 'function' && typeof totalCount === 'number') return true;
  throw new TypeError('the first argument must be a Pool of pg, and no Client');
}

/**
 * The pool, or a config for each host. Throws a `TypeError` for what pg cannot use, which does not
 * repeat it: it may hold a password.
 */
export function checked(given: Given): Pool | PoolConfig[] {
  if (typeof given === 'string')
    return urlsOf(given).map((connectionString) => ({ connectionString }));
  if (typeof given !== 'object' || given === null || given instanceof URL) {
    throw new TypeError('the first argument must be a URL as text, a config or a Pool of pg');
  }
  if (isPool(given)) return given;
  for (const name of SECOND) {
    if (name in given) throw new TypeError(`${name} belongs in the second argument`);
  }
  const { connectionString } = given;
  if (connectionString === undefined) return [given];
  return urlsOf(connectionString).map((url) => ({ ...given, connectionString: url }));
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
