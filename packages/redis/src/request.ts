import { type Client, send } from './client.ts';
import type { Script } from './record.ts';
import { evalThenWait } from './replicas.ts';
import type { ServerClock } from './server-clock.ts';

/** What is sent, and what may be done when its answer is lost. */
export interface Request<T> {
  /** What the errors say of it, such as `put`. */
  readonly name: string;
  /** About how many bytes it sends. */
  readonly size: number;
  /**
   * A `read` may be sent again. A `swap` is bound to an etag: whoever repeats it does no harm, and
   * neither does the first copy when it arrives late. A `change` has failed when its lease is over.
   */
  readonly kind: 'read' | 'swap' | 'change';
  /** The milliseconds that the server has to apply it. */
  readonly lease: number;
  /** `left` are the milliseconds of the call. `isAgain` when it has been refused before. */
  send(client: Client, left: number, isAgain: boolean): Sent<T>;
}

export interface Sent<T> {
  readonly promise: Promise<T>;
  /** Whether the server may have it. */
  readonly isWritten: boolean;
}

/** Asks whatever `ask` does. */
export function reading<T>(name: string, ask: (client: Client) => Promise<T>): Request<T> {
  const send = (client: Client) => ({ promise: ask(client), isWritten: true });
  return { name, size: 200, kind: 'read', lease: Infinity, send };
}

/** The value of a key. */
export function read(key: string): Request<string | null> {
  return {
    name: 'get',
    size: 100 + key.length,
    kind: 'read',
    lease: Infinity,
    send: (client) => send(client, 'get', [key]),
  };
}

// ms after which one whose connection was lost has failed for good. One that comes to the server
// later is refused, and sent again with all the time that is left.
const LEASE = 1000;

/** A script that changes a key, unless it comes to the server after its deadline. */
export interface Change extends Request<number> {
  lease: number;
}

export function change(
  name: string,
  kind: 'swap' | 'change',
  script: Script,
  key: string,
  args: readonly string[],
  clock: ServerClock,
  replicas: number,
): Change {
  return {
    name,
    size: 300 + key.length + (args.at(-1) as string).length,
    kind,
    lease: LEASE,
    send(client, left, isAgain) {
      const deadline = clock.at(performance.now() + Math.min(left, this.lease));
      const all = ['1', key, String(deadline), ...args];
      if (replicas > 0) return evalThenWait(client, script, all, replicas, left);
      // The server may not know the script, or have forgotten it.
      return isAgain
        ? send(client, 'eval', [script.lua, ...all])
        : send(client, 'evalsha', [script.sha, ...all]);
    },
  };
}
