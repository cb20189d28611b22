import {
  type Capabilities,
  type Driver,
  type DriverEntry,
  SessionError,
  type SessionRecord,
} from '@sessions/core';
import { type Client, isCluster, masters } from './client.ts';
import { Connection } from './connection.ts';
import { unavailable } from './errors.ts';
import { foreignKeysIn } from './foreign-keys.ts';
import { checkGiven, type Given } from './given.ts';
import { encodeId } from './keys.ts';
import type { Link } from './link.ts';
import { Listing } from './listing.ts';
import { CORRUPT, decode, lineOf, SCRIPTS, SCRIPTS_BEFORE_WAIT, type Scripts } from './record.ts';
import { change, read, reading } from './request.ts';
import { doubtsAbout, statesOf } from './server-state.ts';

const CLOCK_AGE = 60_000;
const MOST_TRIES = 3;

export interface RedisDriverOptions {
  readonly prefix?: string | undefined;
  readonly replicas?: number | undefined;
  readonly timeout?: number | undefined;
  readonly now?: (() => number) | undefined;
}

export class RedisDriver implements Driver {
  // Redis can be made to keep more than this; whether it is, only those who run it know.
  readonly capabilities: Capabilities = { compareAndSet: 'cluster', survives: 'process-crash' };
  readonly #given: Given;
  readonly #prefix: string;
  readonly #replicas: number;
  readonly #scripts: Scripts;
  readonly #timeout: number;
  readonly #now: () => number;
  /** What the names of all keys begin with. */
  #keys = '';
  #connection: Connection | undefined;
  /** Absent with a clock of the caller's, by which the server hides nothing. */
  readonly ids?: (prefix: string) => AsyncGenerator<string | null, void>;

  constructor(given: Given, options: RedisDriverOptions) {
    const { prefix = 'sessions:', replicas = 0, timeout = 5000, now = () => Date.now() } = options;
    checkGiven(given);
    if (typeof prefix !== 'string') throw new TypeError('prefix must be a string');
    if (!prefix.isWellFormed()) throw new TypeError('prefix must not hold a lone surrogate');
    if (prefix === '')
      throw new RangeError('prefix must not be empty: keys would begin with a colon');
    if (typeof replicas !== 'number') throw new TypeError('replicas must be a number');
    if (!Number.isSafeInteger(replicas) || replicas < 0) {
      throw new RangeError(`replicas must be a whole number from 0 on, not ${replicas}`);
    }
    this.#given = given;
    // No encoded id has a colon, so what follows the last one tells `a:` from `a:b:`.
    this.#prefix = prefix.endsWith(':') ? prefix : `${prefix}:`;
    this.#replicas = replicas;
    this.#scripts = replicas > 0 ? SCRIPTS_BEFORE_WAIT : SCRIPTS;
    this.#timeout = timeout;
    this.#now = now;
    if (options.now === undefined) this.ids = (idPrefix) => this.#listing().ids(idPrefix);
  }

  async open(timeout: number, warn: (warning: Error) => void): Promise<void> {
    const left = timeout - Math.min(20, timeout / 10); // in time to say why
    const connection = Connection.to(this.#given, timeout);
    const { client } = connection.link;
    const keys = connection.keyPrefix + this.#prefix;
    const ask = <T>(question: (client: Client) => Promise<T>) =>
      connection.run(reading('open', question), left);
    try {
      const [states, foreignKeys] = await Promise.all([
        ask(statesOf),
        ask(() => foreignKeysIn(client, keys)),
      ]);
      if (!isCluster(client) && states.some((state) => state.get('redis_mode') === 'cluster')) {
        throw unavailable('this server belongs to a Redis Cluster: give the store a `Cluster`');
      }
      const doubts = doubtsAbout(states);
      if (doubts) warn(new Error(doubts));
      if (foreignKeys) warn(new Error(foreignKeys));
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#keys = keys;
    this.#connection = connection;
  }

  get(id: string, timeout: number): Promise<SessionRecord | null> {
    return this.#open.run(read(this.#keys + encodeId(id)), timeout).then(
      (value) => {
        if (value === null) return null;
        const record = decode(value);
        if (!record) throw corrupt(id);
        return record;
      },
      (error: SessionError) => {
        throw /WRONGTYPE/.test(String(error.cause)) ? corrupt(id) : error;
      },
    );
  }

  put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    timeout: number,
  ): Promise<boolean> {
    const { expiresAt, session } = record;
    const lifetime =
      expiresAt === null ? '' : String(Math.max(1, Math.ceil(expiresAt - this.#now())));
    const args = [
      expected === undefined ? '*' : (expected ?? ''),
      lifetime,
      lineOf(record),
      session,
    ];
    return this.#change('put', id, timeout, expected, args);
  }

  delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    return this.#change('delete', id, timeout, expected, [expected ?? '*']);
  }

  entries(prefix: string): AsyncGenerator<DriverEntry, void> {
    return this.#listing().records(prefix, (id) => this.get(id, this.#timeout));
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  get #open(): Connection {
    if (!this.#connection) throw unavailable('the driver is not open');
    return this.#connection;
  }

  #listing(): Listing {
    return new Listing(this.#open, this.#keys, this.#timeout);
  }

  #measure({ clock, client }: Link): void {
    // What it was is good enough until then, and if it fails.
    clock.measure(masters(client)).catch(() => {});
  }

  /** Runs a script that changes one key, unless its time is over by the server's clock. */
  #change(
    name: 'put' | 'delete',
    id: string,
    timeout: number,
    expected: string | null | undefined,
    args: readonly string[],
  ): Promise<boolean> {
    const connection = this.#open;
    const { clock } = connection.link;
    const end = performance.now() + timeout;
    if (end - timeout - clock.measuredAt > CLOCK_AGE) this.#measure(connection.link);
    const kind = typeof expected === 'string' ? 'swap' : 'change';
    const key = this.#keys + encodeId(id);
    const request = change(name, kind, this.#scripts[name], key, args, clock, this.#replicas);
    let tries = 1;
    const onAnswer = (answer: number): boolean | Promise<boolean> => {
      if (answer === 1) return true;
      if (answer === 0) return false;
      if (answer === CORRUPT) throw corrupt(id);
      // Too late by the server's clock, in time by ours: it took its time, or they have come apart.
      clock.learn(-answer);
      request.lease = Infinity;
      if (tries++ < MOST_TRIES) {
        return connection.run(request, end - performance.now()).then(onAnswer);
      }
      throw unavailable(`${name}: the server's clock does not keep still`);
    };
    return connection.run(request, timeout).then(onAnswer);
  }
}

function corrupt(id: string): SessionError {
  return new SessionError('CORRUPT', 'the key holds what no session store wrote', { id });
}
