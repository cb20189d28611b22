import { setTimeout as pause } from 'node:timers/promises';
import { type Outcome, SessionError } from '@sessions/core';
import type { Pool, PoolClient, QueryArrayResult } from 'pg';
import {
  explain,
  isAnswer,
  isLate,
  isReadOnly,
  isRefusal,
  isTemporary,
  redacted,
} from './failure.ts';
import type { Hosts } from './hosts.ts';
import { GREETING, type Statement } from './statements.ts';

const CLOCK_AGE = 60_000;
const LONGEST_PAUSE = 250;
// How much of the time may pass before the server commits. What remains is for its disk, and the answer.
const SHARE_FOR_WORK = 0.9;

type Rows = QueryArrayResult<string[]>;

/** How far the clock of the server is ahead of `performance.now()`, and when that was learnt. */
interface Clock {
  /** Too little rather than too much: what is refused too early is sent again. */
  readonly offset: number;
  readonly readAt: number;
}

const clocks = new WeakMap<PoolClient, Clock>();
const ignore = () => {}; // a client without a listener for errors would end the process
const types = { getTypeParser: () => String };

/** One call: statements, one after another, until they are answered or its time is over. */
export class Call {
  readonly #hosts: Hosts;
  readonly #timeout: number;
  readonly #end: number;
  readonly #commitBy: number;
  /** The connection in use. */
  #client: PoolClient | undefined;
  #isOver = false;
  /** Whether a change was sent to which there is no answer. */
  #outcome: Outcome = 'not-applied';
  #lastError: Error | undefined;

  constructor(hosts: Hosts, timeout: number) {
    this.#hosts = hosts;
    const start = performance.now();
    this.#timeout = timeout;
    this.#end = start + timeout;
    this.#commitBy = start + timeout * SHARE_FOR_WORK;
  }

  /** Milliseconds. */
  get left(): number {
    return this.#end - performance.now();
  }

  /** Settles as the work does, or when the time is over. */
  run<T>(work: (call: Call) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // The very number of the store's own timer, which comes after this one then.
      const timer = setTimeout(() => reject(this.#giveUp()), this.#timeout);
      work(this)
        .then(resolve, (error: Error) => reject(explain(error, this.#outcome)))
        .finally(() => clearTimeout(timer));
    });
  }

  /** Sends the statement, again where it was not applied and that may change. */
  async ask(statement: Statement, ...values: unknown[]): Promise<Rows> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#try(statement, values);
      } catch (error) {
        this.#lastError = error as Error;
        if (this.#outcome === 'unknown') {
          // It may still be on its way, and arrive in time where others have gone on.
          if (statement.hasDeadline && !isAnswer(this.#lastError))
            await pause(Math.max(0, this.left));
          throw error;
        }
        if (!isTemporary(this.#lastError)) throw error;
      }
      await pause(Math.random() * Math.min(LONGEST_PAUSE, 10 * 2 ** attempt));
      if (this.#isOver) throw this.#lastError;
    }
  }

  async #try(statement: Statement, values: unknown[]): Promise<Rows> {
    const pool = this.#hosts.current;
    const client = await this.#connect(pool);
    try {
      const { offset } = await this.#greet(client);
      const all = [...values];
      const { isChange, hasDeadline } = statement;
      const patience = Math.floor(this.#commitBy - performance.now());
      if (isChange) all.push(Math.max(1, patience));
      if (hasDeadline) all.push(this.#commitBy + offset);
      if (isChange && !this.#isOver) this.#outcome = 'unknown';
      const answer = await this.#send(client, statement, all);
      this.#outcome = 'not-applied';
      this.#letGo();
      return answer;
    } catch (error) {
      if (!this.#isOver) this.#onError(error as Error, client, pool);
      throw error;
    }
  }

  async #connect(pool: Pool): Promise<PoolClient> {
    let client: PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      this.#hosts.leave(pool);
      throw error;
    }
    if (this.#isOver) {
      client.release();
      throw new Error('the time was up before there was a connection');
    }
    this.#client = client.on('error', ignore);
    return client;
  }

  #onError(error: Error, client: PoolClient, pool: Pool): void {
    if (isLate(error)) clocks.delete(client);
    if (isRefusal(error)) this.#outcome = 'not-applied';
    const isOfNoUse = !isRefusal(error) || isReadOnly(error);
    this.#letGo(isOfNoUse);
    if (isOfNoUse) this.#hosts.leave(pool);
  }

  /** What must be known of a connection: that it leads to the primary, and the time there. */
  async #greet(client: PoolClient): Promise<Clock> {
    const known = clocks.get(client);
    if (known && performance.now() - known.readAt < CLOCK_AGE) return known;
    const { rows } = await this.#send(client, GREETING, []);
    const [time, isReplica] = rows[0] as string[];
    if (isReplica === 'true') throw new SessionError('UNAVAILABLE', 'the server is a replica');
    const readAt = performance.now();
    const clock = { offset: Number(time) - readAt, readAt };
    clocks.set(client, clock);
    return clock;
  }

  #send(client: PoolClient, { text, name }: Statement, values: unknown[]): Promise<Rows> {
    if (this.#isOver) throw new Error('the time was up before the statement could be sent');
    return client.query({ text, values, types, rowMode: 'array', ...(name && { name }) });
  }

  /** Gives the connection back, or closes it, whatever it waits for. */
  #letGo(isOfNoUse = false): void {
    const client = this.#client;
    this.#client = undefined;
    client?.release(isOfNoUse);
    client?.off('error', ignore);
  }

  #giveUp(): SessionError {
    this.#isOver = true;
    const isWaiting = this.#client !== undefined;
    this.#letGo(true);
    const cause = this.#lastError && redacted(this.#lastError);
    const options = { outcome: this.#outcome, ...(cause && { cause }) };
    // Why nothing was applied says more than that the last attempt came to no end.
    const isKnown = cause !== undefined && this.#outcome === 'not-applied';
    if (isWaiting && !isKnown) return new SessionError('TIMEOUT', 'no answer in time', options);
    const why = cause ? 'every attempt failed' : 'there was no connection to the server';
    return new SessionError('UNAVAILABLE', `${why} until the time was up`, options);
  }
}
