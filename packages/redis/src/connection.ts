import { setTimeout as pause } from 'node:timers/promises';
import { SessionError } from '@sessions/core';
import { type Client, isClient, isCluster, makeClient, takeKeyPrefix } from './client.ts';
import { isAnswer, isForgotten, isTemporary, plain, unavailable } from './errors.ts';
import type { Given } from './given.ts';
import { Link } from './link.ts';
import type { Request } from './request.ts';

// What may be on its way to the server and back at once. The rest waits here, where it can still
// be called off: so a frozen server cannot fill the memory, and most of its calls are not applied.
const MOST_SENT = 1024;
const MOST_SENT_BYTES = 16 * 1024 * 1024;
// One frozen node of a cluster must not use up the room of the others too soon.
const CLUSTER_FACTOR = 8;
// What may wait while the server gives no answer.
const MOST_WAITING = 10_000;
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
// What may wait at all, with what a call takes besides its session (measured, with core's part).
const MOST_HELD_BYTES = 512 * 1024 * 1024;
const CALL_BYTES = 4096;

const SILENCE = 250; // ms without an answer
const RETRY_DELAY = 50;
const SAME_MOMENT = 20;
const CLOSED = 'the connection was closed';
const MARGIN = 2; // ms, to say why before the store's own timer does

interface Call {
  readonly request: Request<unknown>;
  /** By `performance.now()`. */
  readonly end: number;
  readonly refusal: Error | undefined;
  readonly resolve: (answer: Promise<unknown>) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

const shared = new WeakMap<Client, Connection>();

/**
 * Sends when there is a connection, and never queues in the client, whose queue has no bound and
 * forgets nothing that was given up. A call that was sent is the store's to time.
 */
export class Connection {
  readonly link: Link;
  readonly keyPrefix: string;
  readonly #factor: number;
  readonly #waiting = new Set<Call>();
  #waitingBytes = 0;
  #sent = 0;
  #sentBytes = 0;
  #stores = 0;
  /** What was sent first of all since the last answer. */
  #unheard: { readonly at: number; readonly end: number } | undefined;
  #watch: NodeJS.Timeout | undefined;
  #isSilent = false;

  /** For a store with so many milliseconds for a call. Stores that are given one client share one. */
  static to(given: Given, timeout: number): Connection {
    const template = isClient(given) ? given : undefined;
    const found = template && shared.get(template);
    const known = found && found.#stores > 0 ? found : undefined;
    const connection = known ?? new Connection(makeClient(given, timeout));
    if (template) shared.set(template, connection);
    connection.#stores++;
    connection.link.expect(timeout);
    if (!known) connection.link.connect();
    return connection;
  }

  private constructor(client: Client) {
    this.keyPrefix = takeKeyPrefix(client);
    this.#factor = isCluster(client) ? CLUSTER_FACTOR : 1;
    this.link = new Link(client, {
      onReady: () => this.#pump(),
      onRefused: (error) => this.#failAll(`the server refused: ${error.message}`, error),
    });
  }

  /** Sends the request as soon as possible. Rejects in time when it could not be sent. */
  run<T>(request: Request<T>, timeout: number): Promise<T> {
    const now = performance.now();
    const isFree = this.#waiting.size === 0 && this.#hasRoom();
    if (this.#isDead(now)) setImmediate(() => this.#leaveTheDead());
    else if (isFree) return this.#send(request, now + timeout, now);
    if (this.#isCrowded()) {
      const error = this.link.lastError;
      return Promise.reject(failed(request, 'too many calls already wait for the server', error));
    }
    // The very number of the store's own timer, which comes after this one then.
    return this.#wait(request, now + timeout, timeout);
  }

  /** Closes with the last store. */
  close(): void {
    if (--this.#stores > 0) return;
    this.link.close();
    this.#failAll(CLOSED);
  }

  #hasRoom(): boolean {
    return (
      this.link.isReady &&
      this.#sent < MOST_SENT * this.#factor &&
      this.#sentBytes < MOST_SENT_BYTES * this.#factor
    );
  }

  #isCrowded(): boolean {
    const { size } = this.#waiting;
    if (!this.link.isReady || this.#isSilent) {
      return size >= MOST_WAITING || this.#waitingBytes >= MOST_WAITING_BYTES;
    }
    return size * CALL_BYTES + this.#waitingBytes >= MOST_HELD_BYTES;
  }

  #wait<T>(request: Request<T>, end: number, left: number, refusal?: Error): Promise<T> {
    if (this.#stores === 0) return Promise.reject(failed(request, CLOSED));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(call), left);
      const call = { request, end, refusal, resolve, reject, timer } as Call;
      this.#waiting.add(call);
      this.#waitingBytes += request.size;
    });
  }

  #leave(call: Call): void {
    clearTimeout(call.timer);
    this.#waiting.delete(call);
    this.#waitingBytes -= call.request.size;
  }

  #pump(): void {
    for (const call of this.#waiting) {
      if (!this.#hasRoom()) return;
      this.#leave(call);
      call.resolve(this.#send(call.request, call.end, performance.now(), call.refusal));
    }
  }

  #expire(call: Call): void {
    const { request, refusal } = call;
    this.#leave(call);
    if (refusal) call.reject(failed(request, 'the server kept refusing', refusal));
    else if (!this.link.isReady) {
      call.reject(failed(request, 'there is no connection to the server', this.link.lastError));
    } else {
      const message = `${request.name}: the server did not answer in time those who came before`;
      call.reject(new SessionError('TIMEOUT', message));
    }
  }

  #failAll(why: string, error?: Error): void {
    for (const call of this.#waiting) {
      this.#leave(call);
      call.reject(failed(call.request, why, error));
    }
  }

  #send<T>(request: Request<T>, end: number, now: number, refusal?: Error): Promise<T> {
    this.#sent++;
    this.#sentBytes += request.size;
    this.#unheard ??= { at: now, end };
    this.#watch ??= this.#lookLater();
    if (this.#sent > 1) this.link.cork(); // others may follow
    const sent = request.send(this.link.client, end - now, refusal !== undefined);
    return sent.promise.then(
      (answer) => {
        this.#settle(request);
        return answer;
      },
      (error: Error) => {
        this.#settle(request);
        const leaseEnd = Math.min(end, now + request.lease);
        return this.#failed(request, error, sent.isWritten, leaseEnd, end);
      },
    );
  }

  #settle({ size }: Request<unknown>): void {
    this.#unheard = undefined;
    this.#isSilent = false;
    this.#sent--;
    this.#sentBytes -= size;
    if (this.#waiting.size > 0) this.#pump();
  }

  async #failed<T>(
    request: Request<T>,
    error: Error,
    isWritten: boolean,
    leaseEnd: number,
    end: number,
  ): Promise<T> {
    if (error instanceof SessionError) throw error;
    if (isAnswer(error)) {
      if (!isTemporary(error) && !isForgotten(error)) {
        throw failed(request, 'the server refused', error);
      }
      if (/\bREADONLY\b/.test(error.message)) this.#leaveReplica();
    } else if (!isWritten || request.kind === 'read') {
      if (isCluster(this.link.client)) void this.link.refresh();
    } else {
      if (request.kind === 'change') await pause(leaseEnd - performance.now());
      const cause = plain(error);
      const message = `${request.name}: the connection was lost before the answer`;
      throw new SessionError('UNAVAILABLE', message, { outcome: 'unknown', cause });
    }
    if (!isForgotten(error)) await pause(RETRY_DELAY);
    const answer = this.#wait(request, end, end - performance.now() - MARGIN, plain(error));
    this.#pump();
    return answer;
  }

  /** The way from a master that has become a replica to the new one begins with a new connection. */
  #leaveReplica(): void {
    const { client } = this.link;
    if (isCluster(client)) void this.link.refresh();
    else {
      const { stream } = client; // once others have been answered, in this same moment
      setTimeout(() => stream === client.stream && this.link.renew(), SAME_MOMENT);
    }
  }

  /** After reading what has come, as the process may have been busy. */
  #lookLater(): NodeJS.Timeout {
    return setTimeout(() => setImmediate(() => this.#look()), SILENCE).unref();
  }

  #look(): void {
    const now = performance.now();
    this.#isSilent = this.#unheard !== undefined && now - this.#unheard.at >= SILENCE;
    this.#leaveTheDead();
    this.#watch = this.#sent > 0 ? this.#lookLater() : undefined;
  }

  #leaveTheDead(): void {
    if (this.#isDead(performance.now())) this.link.renew();
  }

  /** Where a call has waited in vain and nothing at all came, nothing may ever come. */
  #isDead(now: number): boolean {
    return this.#unheard !== undefined && now > this.#unheard.end;
  }
}

/** The error of a call that has changed nothing. */
function failed({ name }: Request<unknown>, why: string, error?: Error): SessionError {
  return unavailable(`${name}: ${why}`, error);
}
