import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import type { PostgresConfig, PostgresPool } from './given.ts';

const LAST_WORDS = 50; // ms, for telling a server that answers

const ignore = () => {};

/** The pool of each host that the URL names; one of them leads to the primary. */
export class Hosts {
  readonly #pools: readonly Pool[];
  readonly #isOwn: boolean;
  readonly #sockets = new Set<Socket>();
  #current = 0;
  /** Whether a connection knows what was prepared on it: not behind a pooler, which changes it for others. */
  keepsStatements = true;

  constructor(given: PostgresPool | readonly PostgresConfig[], timeout: number) {
    this.#isOwn = !('connect' in given);
    this.#pools =
      'connect' in given ? [given as Pool] : given.map((config) => this.#pool(config, timeout));
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

  #pool(config: PostgresConfig, timeout: number): Pool {
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
