import { SessionError } from '@sessions/core';
import { type Cluster, Redis, type RedisOptions } from 'ioredis';

export type Client = Redis | Cluster;

/** What is sent, and what may be done when its answer is lost. */
export interface Job<T> {
  /** What the errors say of it, such as `put`. */
  readonly name: string;
  /** About how many bytes it sends. */
  readonly size: number;
  /** Changes nothing, so it may be sent again. Anything else is sent once. */
  readonly readOnly: boolean;
  /** An answer that proves nothing when the client has sent the job twice. */
  isDoubtful?(answer: T): boolean;
  /** `left` is what remains of the call's time; sending happens when there is a connection. */
  send(client: Client, left: number): Promise<T>;
}

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
const SILENCE = 250;
const REFRESH_PAUSE = 1000;

const RETRY_DELAY = 50;
const SAME_MOMENT = 20;
const LONGEST_RECONNECT_DELAY = 1000;

// Answers by which a server says that it did nothing and will do better soon.
const TEMPORARY = /\b(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY)\b|isn't writeable/;
// The client's own.
const NOT_SENT = /subscriber mode/;
const REFUSED_FOR_GOOD = /CERT|TLS|SSL|SELF_SIGNED/;

/** One connection, until it is lost; and how the server calls it, once that is known. */
interface Link {
  id?: number;
  /** Names one start of one server. */
  run?: string;
}

interface Call {
  readonly job: Job<unknown>;
  readonly end: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
  /** When it was sent, while its answer is awaited. */
  sentAt: number | undefined;
  /** The connection that it was sent over last. */
  link: Link | undefined;
  /** How often the client gave up what it had sent over that; the server may still be at it. */
  givenUp: number;
  /** Its connection broke: an answer may be lost, or be that to a second copy. */
  shaken: boolean;
  settled: boolean;
  refusal: Error | undefined;
}

/**
 * A client of Redis that answers in time. Commands are sent when there is a connection and never
 * queued in the client, whose queue has no bound and forgets no command that was given up.
 */
export class Connection {
  readonly client: Client;
  readonly #own: boolean;
  readonly #patience: number;
  readonly #factor: number;
  readonly #waiting = new Set<Call>();
  #waitingBytes = 0;
  readonly #awaited = new Set<Call>();
  /** What was sent over a connection that broke, and may still be applied. */
  readonly #doubtful = new Set<Call>();
  /** The connection there is, since an answer from an earlier one is none of this one's. */
  #link: Link = {};
  #sent = 0;
  #sentBytes = 0;
  #heardAt = 0;
  #isSilent = false;
  #watch: NodeJS.Timeout | undefined;
  #isCorked = false;
  #lastError: Error | undefined;
  #handshake: NodeJS.Timeout | undefined;
  #refreshedAt = 0;
  #closed = false;
  // biome-ignore lint/suspicious/noExplicitAny: what the client's type says of them
  readonly #listeners: [event: string, listener: (...args: any[]) => void][];

  /** An `own` client is one that was made for this connection, and goes with it. */
  constructor(client: Client, own: boolean, patience: number, onReady: () => void) {
    this.client = client;
    this.#own = own;
    this.#patience = patience;
    this.#factor = isCluster(client) ? CLUSTER_FACTOR : 1;
    this.#listeners = [
      [
        'ready',
        () => {
          clearTimeout(this.#handshake);
          this.#heardAt = performance.now();
          if (own) this.#fence();
          onReady();
          this.#pump();
        },
      ],
      ['close', () => this.#lost()],
      ['end', () => this.#lost()],
      ['-node', () => this.#shake()],
    ];
    if (own) {
      this.#listeners.push(
        ['error', (error: Error) => this.#note(error)],
        ['connect', () => this.#expectReady()],
      );
    }
    const most = client.getMaxListeners();
    // For each store that shares it: two, as `connect` listens as well.
    if (!own && most > 0) client.setMaxListeners(most + 2);
    for (const [event, listener] of this.#listeners) client.on(event, listener);
  }

  get isReady(): boolean {
    return this.client.status === 'ready';
  }

  /** Waits for the connection. Rejects at once when waiting would not help. */
  async connect(timeout: number): Promise<void> {
    const { client } = this;
    if (client.status === 'end' && !this.#own) throw unavailable('the client was closed');
    if (this.isReady) return;
    const { promise, resolve, reject } = withResolvers<void>();
    const onError = (error: Error) => {
      this.#note(error);
      if (isFinal(error)) reject(unavailable(`the server refused: ${plain(error).message}`, error));
    };
    const onNodeError = (error: Error) => this.#note(error); // others may do
    const timer = setTimeout(() => {
      reject(unavailable('the server could not be reached in time', this.#lastError));
    }, timeout);
    client.on('ready', resolve);
    client.on('error', onError);
    client.on('node error', onNodeError);
    try {
      if (client.status === 'wait') client.connect().catch(() => {}); // goes on trying by itself
      await promise;
    } finally {
      clearTimeout(timer);
      client.off('ready', resolve);
      client.off('error', onError);
      client.off('node error', onNodeError);
    }
  }

  /** Sends the job as soon as possible, and settles within `timeout` milliseconds. */
  run<T>(job: Job<T>, timeout: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const call: Call = {
        job,
        end: performance.now() + timeout,
        resolve: resolve as (value: unknown) => void,
        reject,
        timer: undefined,
        sentAt: undefined,
        link: undefined,
        givenUp: 0,
        shaken: false,
        settled: false,
        refusal: undefined,
      };
      if (this.#closed) return reject(unavailable('the connection was closed'));
      const isNext = this.#hasRoom() && this.#waiting.size === 0;
      if (!isNext && this.#isCrowded()) {
        const what = 'too many calls already wait for the server';
        return reject(unavailable(`${job.name}: ${what}`, this.#lastError));
      }
      call.timer = setTimeout(() => this.#expire(call), timeout);
      if (isNext) this.#send(call);
      else this.#wait(call);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#handshake);
    clearTimeout(this.#watch);
    for (const call of [...this.#waiting, ...this.#awaited, ...this.#doubtful]) {
      this.#fail(call, 'UNAVAILABLE', 'the connection was closed');
    }
    for (const [event, listener] of this.#listeners) this.client.off(event, listener);
    if (!this.#own) {
      const most = this.client.getMaxListeners();
      if (most > 2) this.client.setMaxListeners(most - 2);
      return;
    }
    this.client.on('error', () => {}); // what a socket that is let go still has to say
    this.client.disconnect();
    if (!isCluster(this.client)) this.client.stream?.destroy();
  }

  #hasRoom(): boolean {
    return (
      this.isReady &&
      this.#sent < MOST_SENT * this.#factor &&
      this.#sentBytes < MOST_SENT_BYTES * this.#factor
    );
  }

  #isCrowded(): boolean {
    const size = this.#waiting.size + this.#doubtful.size;
    if (!this.isReady || this.#isSilent) {
      return size >= MOST_WAITING || this.#waitingBytes >= MOST_WAITING_BYTES;
    }
    return size * CALL_BYTES + this.#waitingBytes >= MOST_HELD_BYTES;
  }

  #wait(call: Call): void {
    if (this.#waiting.has(call)) return;
    call.sentAt = undefined;
    this.#waiting.add(call);
    this.#waitingBytes += call.job.size;
    // Nobody would tell: a client that the caller has closed stays so.
    if (this.client.status === 'end') this.#over();
  }

  #pump(): void {
    for (const call of this.#waiting) {
      if (!this.#hasRoom()) return;
      this.#leave(call);
      this.#send(call);
    }
  }

  #leave(call: Call): void {
    if (this.#waiting.delete(call)) this.#waitingBytes -= call.job.size;
  }

  #send(call: Call): void {
    const { job } = call;
    const own = this.#own;
    const link = this.#link;
    const now = performance.now();
    if (this.#sent === 0) this.#heardAt = now; // silence is counted from the first question
    this.#watch ??= this.#listen();
    call.sentAt = now;
    if (call.link !== link) call.givenUp = 0;
    call.link = link;
    this.#awaited.add(call);
    this.#sent++;
    this.#sentBytes += job.size;
    this.#cork();
    const answered = () => {
      if (link !== this.#link) return;
      this.#heardAt = performance.now();
      this.#isSilent = false;
      this.#sent--;
      this.#sentBytes -= job.size;
    };
    job.send(this.client, call.end - now).then(
      (value) => {
        answered();
        if (!call.settled) {
          if (call.shaken && job.isDoubtful?.(value)) this.#fail(call, 'UNAVAILABLE', LOST);
          else {
            this.#settle(call);
            call.resolve(value);
          }
        }
        if (this.#waiting.size > 0) this.#pump();
      },
      (error: Error) => {
        if (error.name === 'ReplyError' || call.settled) answered();
        else call.givenUp++;
        if (!call.settled && (link === this.#link || !own)) this.#failed(call, error);
        if (this.#waiting.size > 0) this.#pump();
      },
    );
  }

  /** Looks now and then, and after reading what has come, whether there are answers at all. */
  #listen(): NodeJS.Timeout {
    const look = () => {
      this.#watch = undefined;
      if (this.#sent === 0) return;
      this.#isSilent = performance.now() - this.#heardAt >= SILENCE;
      this.#watch = this.#listen();
    };
    const wait = Math.ceil(this.#heardAt + SILENCE - performance.now());
    return setTimeout(() => setImmediate(look).unref(), wait > 0 ? wait : SILENCE).unref();
  }

  /** What is sent in one turn of the event loop leaves in one write, at the end of that turn. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const streams = isCluster(this.client)
      ? this.client.nodes('master').map((node) => node.stream)
      : [this.client.stream];
    for (const stream of streams) stream?.cork?.();
    process.nextTick(() => {
      this.#isCorked = false;
      for (const stream of streams) stream?.uncork?.();
    });
  }

  #failed(call: Call, error: Error): void {
    const isAnswer = error.name === 'ReplyError' || NOT_SENT.test(error.message);
    const didNothing = TEMPORARY.test(error.message) && !call.shaken;
    if (didNothing || (!isAnswer && call.job.readOnly)) {
      this.#awaited.delete(call);
      call.sentAt = undefined;
      call.refusal = plain(error);
      // A master that has become a replica: the way to the new one begins with a new connection.
      if (/\bREADONLY\b/.test(error.message)) this.#reconnectSoon();
      setTimeout(() => {
        if (call.settled) return;
        this.#wait(call);
        this.#pump();
      }, RETRY_DELAY);
    } else if (error instanceof SessionError) {
      this.#settle(call);
      call.reject(error);
    } else if (isAnswer) {
      const outcome = call.shaken ? 'unknown' : 'not-applied';
      this.#fail(call, 'UNAVAILABLE', 'the server refused', error, outcome);
    } else {
      // The client has given it up; the server may apply it until its time is over.
      this.#awaited.delete(call);
      call.shaken = true;
      call.refusal = plain(error);
      this.#doubtful.add(call);
    }
  }

  /** The connection is gone: answers to what was sent will not come. */
  #lost(): void {
    clearTimeout(this.#handshake);
    this.#link = {};
    this.#sent = 0;
    this.#sentBytes = 0;
    this.#shake();
    const sent = [...this.#awaited];
    this.#awaited.clear();
    for (const call of sent) {
      if (call.job.readOnly) this.#wait(call);
      else this.#doubtful.add(call);
    }
    if (this.client.status === 'end') this.#over();
  }

  /** Nobody has closed what was sent before: a client of the caller's sends it again by itself. */
  #shake(): void {
    for (const call of this.#awaited) call.shaken = true;
  }

  /**
   * What went over an earlier connection may still lie before the server, and must not be applied
   * once its call has failed. A call fails when its time is over, on the server too; sooner only
   * after the server has closed that connection, or another one has taken its place.
   */
  #fence(): void {
    const client = this.client as Redis;
    const link = this.#link;
    const doubtful = [...this.#doubtful];
    const fence = async () => {
      const [id, info] = await Promise.all([client.client('ID'), client.info()]);
      const run = /^run_id:(\w+)/m.exec(info)?.[1];
      if (!run) return;
      Object.assign(link, { id: Number(id), run });
      const isMaster = /^role:master/m.test(info);
      for (const last of new Set(doubtful.map((call) => call.link))) {
        if (last?.id === undefined) continue;
        // Another start of a server numbers anew, and has none of what the last one was sent.
        if (last.run === run) {
          await client.client('KILL', 'ID', last.id).catch((error: Error) => {
            if (!error.message.includes('No such client')) throw error;
          });
        } else if (!isMaster) continue; // the other one may be it, still
        for (const call of doubtful) {
          if (call.settled || call.link !== last) continue;
          this.#fail(call, 'UNAVAILABLE', LOST, this.#lastError);
        }
      }
    };
    fence().catch(() => {}); // not allowed here, or lost again
  }

  #over(): void {
    for (const call of this.#waiting) this.#fail(call, 'UNAVAILABLE', 'the client was closed');
  }

  #expire(call: Call): void {
    const { sentAt, refusal } = call;
    if (sentAt !== undefined) {
      this.#fail(call, 'TIMEOUT', 'the server did not answer in time', refusal);
      // Nothing at all since: whoever is at the other end may never answer.
      if (call.link === this.#link && this.#heardAt <= sentAt) this.#reconnectSoon();
    } else if (refusal || !this.isReady) {
      const what = refusal ? 'the server kept refusing' : 'there is no connection to the server';
      this.#fail(call, 'UNAVAILABLE', what, refusal ?? this.#lastError);
    } else {
      this.#fail(call, 'TIMEOUT', 'the server did not answer in time those who came before');
    }
  }

  #fail(
    call: Call,
    code: 'TIMEOUT' | 'UNAVAILABLE',
    what: string,
    error?: Error,
    outcome: 'not-applied' | 'unknown' = call.sentAt === undefined && !call.shaken
      ? 'not-applied'
      : 'unknown',
  ): void {
    const { name, readOnly } = call.job;
    this.#settle(call);
    const options = { outcome: readOnly ? 'not-applied' : outcome } as const;
    const message = `${name}: ${what}`;
    call.reject(
      new SessionError(code, message, error ? { ...options, cause: plain(error) } : options),
    );
  }

  #settle(call: Call): void {
    call.settled = true;
    clearTimeout(call.timer);
    if (call.link === this.#link) {
      this.#sent -= call.givenUp;
      this.#sentBytes -= call.givenUp * call.job.size;
    }
    this.#leave(call);
    this.#awaited.delete(call);
    this.#doubtful.delete(call);
  }

  /** Has the client of a cluster ask who serves what; by itself it does so only when told to. */
  async refresh(): Promise<void> {
    if (!isCluster(this.client)) return;
    const client = this.client as { refreshSlotsCache?(done: () => void): void };
    await new Promise<void>((resolve) => {
      if (client.refreshSlotsCache) client.refreshSlotsCache(resolve);
      else resolve();
    });
  }

  /** Once others have been answered, or have given up, in this same moment. */
  #reconnectSoon(): void {
    const link = this.#link;
    setTimeout(() => link === this.#link && this.#reconnect(), SAME_MOMENT);
  }

  #reconnect(): void {
    const { client } = this;
    if (!isCluster(client)) {
      if (this.#own) client.stream?.destroy();
    } else if (performance.now() - this.#refreshedAt > REFRESH_PAUSE) {
      this.#refreshedAt = performance.now();
      void this.refresh();
    }
  }

  /** A server that lets itself be called and then says nothing is called again. */
  #expectReady(): void {
    clearTimeout(this.#handshake);
    const wait = connectTimeout(this.#patience);
    this.#handshake = setTimeout(() => this.#reconnect(), wait).unref();
  }

  #note(error: Error): void {
    this.#lastError = plain(error);
  }
}

const LOST = 'the connection was lost before the answer';

// The class has a type parameter for this one option.
type OwnOptions = Omit<RedisOptions, 'replyMapping'> & { replyMapping?: 'legacy' };

/** A client for the store alone. What the caller says goes before the defaults. */
export function ownClient(
  connection: string | number | RedisOptions | undefined,
  patience: number,
): Redis {
  const defaults: OwnOptions = {
    host: '127.0.0.1',
    port: 6379,
    connectTimeout: connectTimeout(patience),
    retryStrategy: (times) =>
      Math.min(25 * 2 ** Math.min(times, 10), LONGEST_RECONNECT_DELAY) * (0.5 + Math.random() / 2),
  };
  // These the connection relies on.
  const fixed: OwnOptions = {
    replyMapping: 'legacy',
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    commandTimeout: undefined, // it would give up what the server may still do
    disconnectTimeout: 50, // `close` comes when all is done
  };
  if (typeof connection === 'string') {
    const [, base = '', query] = /^([^?]*)\??(.*)$/s.exec(connection) ?? [];
    return new Redis(asUrl(base), { ...defaults, ...optionsIn(query), ...fixed });
  }
  const given = typeof connection === 'number' ? { port: connection } : connection;
  return new Redis({ ...defaults, ...(given as OwnOptions | undefined), ...fixed });
}

/** Throws unless ioredis can make something of it. No error repeats it, as it may hold a password. */
export function checkUrl(text: string): void {
  if (text.startsWith('/') && !text.startsWith('//')) return; // the path of a socket
  let url: URL;
  try {
    url = new URL(asUrl(text));
    decodeURIComponent(url.username + url.password);
    if (text === '') throw new Error('it is empty');
  } catch {
    throw new TypeError('the URL of the Redis server cannot be read');
  }
  if (!/^rediss?:$/.test(url.protocol)) {
    throw new TypeError('the URL of a Redis server begins with redis:// or rediss://');
  }
  if (!/^\/?\d*$/.test(url.pathname)) {
    throw new TypeError('the path in the URL of a Redis server is the number of a database');
  }
}

/** With its scheme, in the letters that ioredis knows it by; the path of a socket as it is. */
function asUrl(text: string): string {
  if (text.startsWith('//')) return `redis:${text}`;
  if (text.startsWith('/')) return text;
  if (/^\d+$/.test(text)) return `redis://127.0.0.1:${text}`;
  if (!/^\w+:\/\//.test(text)) return `redis://${text}`;
  return text.replace(/^\w+/, (scheme) => scheme.toLowerCase());
}

const NUMBERS = /^(db|family|port|keepAlive|max\w+|\w+Timeout)$/;

/** The options in the query of a URL, where ioredis would leave numbers as text. */
function optionsIn(query: string | undefined): OwnOptions {
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => [
    name,
    NUMBERS.test(name) ? Number(value) : value,
  ]);
  return Object.fromEntries(pairs);
}

/** Whether it can do what a store needs; of whichever copy or major of ioredis. */
export function isClient(value: object): value is Client {
  const has = (name: string) => typeof (value as Record<string, unknown>)[name] === 'function';
  if (['get', 'evalsha', 'eval', 'on', 'off', 'disconnect'].every(has)) return true;
  if (has('on') || has('connect')) throw new TypeError('connection is not a client of ioredis');
  return false;
}

export function isCluster(client: Client): client is Cluster {
  return client.isCluster === true;
}

/** The nodes that hold data: of a cluster all masters, otherwise the one server. */
export function masters(client: Client): Redis[] {
  return isCluster(client) ? client.nodes('master') : [client];
}

/** The error without what ioredis hangs on it: the command, with the id and the session. */
export function plain(error: Error): Error {
  // The server repeats arguments of a command that it does not know or take.
  const message = error.message.replace(/[,:]? with args beginning with[\s\S]*$/, '');
  const { code } = error as NodeJS.ErrnoException;
  const copy: NodeJS.ErrnoException = new Error(message || error.name);
  if (code !== undefined) copy.code = code;
  return copy;
}

export function unavailable(message: string, error?: Error): SessionError {
  return new SessionError('UNAVAILABLE', message, error ? { cause: plain(error) } : {});
}

// A far server needs a second for TCP and TLS, however short a call may wait.
function connectTimeout(patience: number): number {
  return Math.max(1000, Math.min(patience, 10_000));
}

function isFinal(error: Error): boolean {
  if (error.name === 'ReplyError') return !TEMPORARY.test(error.message);
  return REFUSED_FOR_GOOD.test((error as NodeJS.ErrnoException).code ?? '');
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}
