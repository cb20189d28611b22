import { setMaxListeners } from 'node:events';
import { checkOptions, type FullSessionStore, KeyedMutex, SessionError } from '@sessions/core';
import { type Lease, leaseOf } from './lease.ts';

export interface LeaseOptions {
  /** Milliseconds until another process may take the lease of one that died; 10,000 by default. */
  readonly ttl?: number | undefined;
  /**
   * Milliseconds to wait for the lease; three times `ttl` by default, to outlast one that died. 0 tries
   * once, `Infinity` never gives up.
   */
  readonly wait?: number | undefined;
  /** Ends the waiting, which then rejects with its reason, and aborts the signal of `run`. */
  readonly signal?: AbortSignal | undefined;
}

const LONGEST_TIMER = 2 ** 31 - 1;
const LONGEST_PAUSE = 100;

// Those of this process wait in line, so that only the first one asks the store.
const lines = new WeakMap<object, KeyedMutex>();

/**
 * Takes the lease of this id, calls `run`, and gives the lease back. Nobody else has the lease
 * meanwhile, in any process. Settles as `run` does. Use a store that holds nothing but leases.
 *
 * Rejects with `CONFLICT` when the lease was not free in time, and with the store's own error when the
 * store fails; then `run` was not called. Wrong arguments are a `TypeError` or `RangeError`.
 */
export async function withLease<R>(
  store: FullSessionStore,
  id: string,
  run: (lease: Lease) => R | Promise<R>,
  options: LeaseOptions = {},
): Promise<R> {
  const { ttl, wait, signal } = leaseOptions(store, options);
  if (typeof run !== 'function') throw new TypeError('run must be a function');
  if (signal) {
    signal.throwIfAborted();
    setMaxListeners(0, signal); // many leases may share it
  }

  const controller = new AbortController();
  let isLate = wait === 0;
  let wake = () => {};
  const sleep = (milliseconds?: number) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (milliseconds !== undefined) setTimeout(resolve, milliseconds);
    });
  const abort = () => {
    controller.abort(signal?.reason);
    wake();
  };
  const end = () => {
    isLate = true;
    wake();
  };
  signal?.addEventListener('abort', abort);
  const timer = wait === Infinity ? undefined : setTimeout(end, wait);
  const turn = lineUp(store, id);
  let start: number | undefined;
  try {
    await Promise.race([turn, sleep()]);
    const { take, hold } = leaseOf(store, id, ttl, controller);
    for (;;) {
      controller.signal.throwIfAborted();
      if (await take()) break;
      if (isLate) throw new SessionError('CONFLICT', 'the lease was not free in time', { id });
      await sleep(Math.random() * LONGEST_PAUSE); // never longer for having waited longer
    }
    clearTimeout(timer);
    start = performance.now();
    return await hold(run);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    // Other processes ask now and then: if one run followed the other, they would hardly find it free.
    const held = start === undefined ? 0 : performance.now() - start;
    const rest = Math.random() * Math.min(held / 4, LONGEST_PAUSE);
    void turn.then((leave) => (rest < 1 ? leave() : setTimeout(leave, rest)));
  }
}

/** The options with their defaults; throws when they, or the store, will not do. */
export function leaseOptions(
  store: FullSessionStore,
  options: LeaseOptions,
): { ttl: number; wait: number; signal: AbortSignal | undefined } {
  checkOptions('a lease', options, ['ttl', 'wait', 'signal']);
  const { ttl = 10_000, signal } = options;
  if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');
  checkMilliseconds('ttl', ttl, 1);
  const { wait = Math.min(3 * ttl, LONGEST_TIMER) } = options;
  if (wait !== Infinity) checkMilliseconds('wait', wait, 0);
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    throw new TypeError('no AbortSignal: signal');
  }
  return { ttl, wait, signal };
}

/** Resolves, once all ahead have left the line, with what leaves it. */
function lineUp(store: FullSessionStore, id: string): Promise<() => void> {
  const line = lines.get(store) ?? new KeyedMutex();
  lines.set(store, line);
  return new Promise((resolve) => {
    void line.run(id, () => new Promise<void>((leave) => resolve(leave)));
  });
}

function checkMilliseconds(name: string, value: unknown, least: number): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number of milliseconds`);
  if (!(value >= least && value <= LONGEST_TIMER)) {
    throw new RangeError(`${name} must be from ${least} to ${LONGEST_TIMER} ms, not ${value}`);
  }
}
