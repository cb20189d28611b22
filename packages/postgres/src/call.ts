import { setTimeout as pause } from 'node:timers/promises';
import { isSessionError, type Outcome, SessionError, type SessionErrorCode } from '@sessions/core';
import type { Pool, PoolClient, QueryArrayConfig, QueryArrayResult } from 'pg';
import { explain, isAnswer, isRefusal, isTemporary, isUnprepared } from './failure.ts';
import type { Hosts } from './hosts.ts';
import { GREETING, type Statement } from './statements.ts';

const CLOCK_AGE = 60_000;
const LONGEST_PAUSE = 250;
// How much of the time may pass before the server commits. What remains is for its disk, and the answer.
const SHARE_FOR_WORK = 0.9;

type Rows = QueryArrayResult<string[]>;

/** How far the clock of the server is ahead of `performance.now()`, and when that was learnt. */
const clocks = new WeakMap<PoolClient, { offset: number; readAt: number }>();
const ignore = () => {}; // a client without a listener for errors would end the process

/** One call: statements, one after another, until they are answered or its time is over. */
export class Call {
  readonly #hosts: Hosts;
  readonly #end: number;
  readonly #commitBy: number;
  /** Ends what the call waits for. */
  #giveUp = ignore;

  constructor(hosts: Hosts, timeout: number) {
    const start = performance.now();
    this.#hosts = hosts;
    this.#end = start + timeout;
    this.#commitBy = start + timeout * SHARE_FOR_WORK;
  }

  /** Settles as the work does, or when the time is over. */
  static async run<T>(hosts: Hosts, timeout: number, work: (call: Call) => Promise<T>): Promise<T> {
    const call = new Call(hosts, timeout);
    // The very number of the store's own timer, which comes after this one then.
    const timer = setTimeout(() => call.#giveUp(), timeout);
    try {
      return await work(call);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Milliseconds. */
  get left(): number {
    return this.#end - performance.now();
  }

  /**
   * Sends the statement, again where it was not applied and that may change. After a refusal the
   * connection is greeted anew; after any other error it is closed, and the next host has its turn.
   */
  async ask(statement: Statement, ...values: unknown[]): Promise<Rows> {
    let reason: SessionError | undefined;
    for (let attempt = 0; ; attempt++) {
      // From then on the server refuses it: what was learnt last is the answer.
      if (reason && statement.hasDeadline && performance.now() >= this.#commitBy) throw reason;
      const pool = this.#hosts.current;
      let outcome = 'not-applied' as Outcome;
      let client: PoolClient | undefined;
      try {
        client = await this.#connect(pool);
        if (isWithinTransaction(client)) throw new Error('somebody began a transaction there');
        const offset = offsetOf(client) ?? (await this.#greet(client));
        const all = [...values];
        if (statement.isChange) {
          outcome = 'unknown';
          all.push(Math.max(1, Math.floor(this.#commitBy - performance.now())));
        }
        if (statement.hasDeadline) all.push(this.#commitBy + offset);
        const rows = await this.#send(client, statement, all);
        release(client);
        return rows;
      } catch (cause) {
        const error = cause as Error;
        if (client) {
          clocks.delete(client);
          release(client, !isRefusal(error));
        }
        if (isUnprepared(error)) this.#hosts.keepsStatements = false;
        if (isRefusal(error)) outcome = 'not-applied';
        else this.#hosts.leave(pool);
        const failure = explain(error, outcome);
        const isOver = isSessionError(error);
        if (outcome === 'unknown') {
          // It may still be on its way, and arrive in time where others have gone on.
          const mayArrive = statement.hasDeadline && !isOver && !isAnswer(error);
          if (mayArrive) await this.#inTime(new Promise(ignore), () => failure);
          throw failure;
        }
        // The reason says more than that the last attempt came to no end.
        if (isOver) throw reason ?? failure;
        if (!isTemporary(error)) throw failure;
        reason = failure;
        const longest = Math.min(LONGEST_PAUSE, 10 * 2 ** attempt);
        await this.#inTime(pause(Math.random() * longest), () => failure);
      }
    }
  }

  async #connect(pool: Pool): Promise<PoolClient> {
    const connecting = pool.connect();
    try {
      const client = await this.#inTime(connecting, () => noneInTime('UNAVAILABLE', 'connection'));
      return client.on('error', ignore);
    } catch (error) {
      connecting.then((late) => late.release(), ignore);
      throw error;
    }
  }

  /** Sees to it that the connection leads to the primary, and learns the offset of the clock there. */
  async #greet(client: PoolClient): Promise<number> {
    const { rows } = await this.#send(client, GREETING, []);
    const [time, isReplica] = rows[0] as string[];
    if (isReplica === 'true') throw new Error('the server is a replica');
    const readAt = performance.now();
    // Too little rather than too much: what is refused too early is sent again.
    const offset = Number(time) - readAt;
    clocks.set(client, { offset, readAt });
    return offset;
  }

  #send(client: PoolClient, { named, unnamed }: Statement, values: unknown[]): Promise<Rows> {
    const kept = this.#hosts.keepsStatements ? named : unnamed;
    // pg copies what an object has itself, slowly, and nothing of its prototype. So does a tracer with a
    // statement that has no name, to add a comment, and the rest would be lost.
    const query: QueryArrayConfig = kept.name ? Object.create(kept) : { ...kept };
    const answer = client.query<string[]>(query, values);
    return this.#inTime(answer, () => noneInTime('TIMEOUT', 'answer'));
  }

  /** Settles as the step does, or rejects when the time is over. */
  #inTime<T>(step: Promise<T>, errorOf: () => SessionError): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(errorOf());
      step.then(resolve, reject);
    });
  }
}

/** By how much the clock behind this connection is ahead, if that was learnt lately. */
function offsetOf(client: PoolClient): number | undefined {
  const known = clocks.get(client);
  return known && performance.now() - known.readAt < CLOCK_AGE ? known.offset : undefined;
}

/** Whether somebody gave it back so: what is done there may be undone. An older pg cannot tell. */
function isWithinTransaction(client: PoolClient): boolean {
  const status = (client as Partial<PoolClient>).getTransactionStatus?.();
  return status === 'T' || status === 'E';
}

/** Gives the connection back, to be closed if it is of no use. */
function release(client: PoolClient, isOfNoUse = false): void {
  client.release(isOfNoUse);
  client.off('error', ignore);
}

function noneInTime(code: SessionErrorCode, what: string): SessionError {
  return new SessionError(code, `there was no ${what} in time`);
}
