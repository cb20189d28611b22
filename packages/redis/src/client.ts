import { type Cluster, type ClusterOptions, Command, Redis, type RedisOptions } from 'ioredis';
import type { Given } from './given.ts';
import { splitUrl } from './url.ts';

export type Client = Redis | Cluster;

const LONGEST_RECONNECT_DELAY = 1000;

// The class has a type parameter for this one option.
type OwnOptions = Omit<RedisOptions, 'replyMapping'> & { replyMapping?: 'legacy' };

// What the promises rely on: nothing is sent by itself, twice, or later, and what was sent is
// settled at the latest when its connection is lost.
const FIXED: OwnOptions = {
  replyMapping: 'legacy',
  stringNumbers: false,
  monitor: false,
  lazyConnect: true,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: undefined,
  reconnectOnError: null,
  disconnectTimeout: 50, // ms; a store closes when all is done
};

const FIXED_IN_CLUSTER: ClusterOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  retryDelayOnFailover: 0,
  scaleReads: 'master', // no replica that is behind
};

/** A client for stores alone. A client of the caller's is the template: it lends its settings. */
export function makeClient(given: Given, timeout: number): Client {
  if (isClient(given)) {
    if (!isCluster(given)) return given.duplicate(FIXED as RedisOptions);
    const redisOptions: object = FIXED;
    return given.duplicate([], { ...FIXED_IN_CLUSTER, redisOptions });
  }
  const defaults: OwnOptions = {
    host: '127.0.0.1',
    port: 6379,
    connectTimeout: connectTimeout(timeout),
    retryStrategy: (times) =>
      Math.min(25 * 2 ** Math.min(times, 10), LONGEST_RECONNECT_DELAY) * (0.5 + Math.random() / 2),
  };
  if (typeof given === 'string') {
    const [url, options] = splitUrl(given);
    return new Redis(url, { ...defaults, ...(options as OwnOptions), ...FIXED });
  }
  const options = typeof given === 'number' ? { port: given } : (given as OwnOptions | undefined);
  return new Redis({ ...defaults, ...options, ...FIXED });
}

/** What the client puts before each key. It puts none any more after that: SCAN takes and gives whole keys. */
export function takeKeyPrefix(client: Client): string {
  const prefix = String(client.options.keyPrefix ?? '');
  client.options.keyPrefix = '';
  return prefix;
}

/** A far server needs a second for TCP and TLS, however short a call may wait. */
export function connectTimeout(timeout: number): number {
  return Math.max(1000, Math.min(timeout, 10_000));
}

/** Whether it can do what a store needs; of whichever copy or major of ioredis. */
export function isClient(value: unknown): value is Client {
  if (typeof value !== 'object' || value === null) return false;
  const has = (name: string) => typeof (value as Record<string, unknown>)[name] === 'function';
  if (['duplicate', 'sendCommand', 'evalsha', 'on', 'disconnect'].every(has)) return true;
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

/** A command that knows whether it was handed to a socket. */
export class SentCommand<T> extends Command {
  declare promise: Promise<T>;
  isWritten = false;

  constructor(name: string, args: string[]) {
    super(name, args, { replyEncoding: 'utf8' });
  }

  override toWritable(socket: object): string | Buffer {
    this.isWritten = true;
    return super.toWritable(socket);
  }
}

/** Sends it, wherever its key lies. */
export function send<T>(client: Client, name: string, args: string[]): SentCommand<T> {
  const command = new SentCommand<T>(name, args);
  client.sendCommand(command);
  return command;
}
