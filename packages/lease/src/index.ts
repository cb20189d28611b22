import { setMaxListeners } from 'node:events';
import { checkOptions, type FullSessionStore, KeyedMutex, SessionError } from '@sessions/core';
import { type Lease, leaseOf } from './lease.ts';

export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export type { Lease };

export interface LeaseOptions {
  /** Milliseconds after which others may take the lease of a holder that died; 10,000 by default. */
  readonly ttl?: number | undefined;
  /** Milliseconds to wait for the lease; 10,000 by default, 0 tries once, `Infinity` never gives up. */
  readonly wait?: number | undefined;
  /** Ends the waiting, which rejects with its reason, and aborts the signal that `run` is given. */
  readonly signal?: AbortSignal | undefined;
}

const LONGEST_TIMER = 2 ** 31 - 1;
const LONGEST_PAUSE = 100;

// Those of this process wait in line, so that only the first one asks the store.
const lines = new WeakMap<object, KeyedMutex>();

/**
 * Calls `run` while nobody else has the lease of this id in this store, in any process, and settles
 * as `run` does. The store is one that nothing but leases uses.
 *
 * Rejects with `CONFLICT` when the lease was not free in time, and with what the store rejects with
 * meanwhile; then `run` was not called. Wrong arguments are a `TypeError` or `RangeError`.
 */
export async function withLease<R>(
  store: FullSessionStore,
  id: string,
  run: (lease: Lease) => R | Promise<R>,
  options: LeaseOptions = {},
): Promise<R> {
  checkOptions('a lease', options, ['ttl', 'wait', 'signal']);
  const { ttl = 10_000, wait = 10_000, signal } = options;
  if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');
  if (typeof run !== 'function') throw new TypeError('run must be a function');
  checkMilliseconds('ttl', ttl, 1);
  if (wait !== Infinity) checkMilliseconds('wait', wait, 0);
  if (signal !== undefined) {
    if (typeof signal?.throwIfAborted !== 'function') throw new TypeError('no AbortSignal: signal');
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
