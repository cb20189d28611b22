import { randomUUID } from 'node:crypto';
import {
  type Changed,
  type FullSessionStore,
  KEEP,
  type Session,
  SessionError,
} from '@sessions/core';

/** The lease that `withLease` and `exclusiveRuns` have taken: the argument of `run`. */
export interface Lease {
  /** The id that nobody else works on while this lease is held. */
  readonly id: string;
  /** Aborts when the lease is lost, or when the caller's own signal does. */
  readonly signal: AbortSignal;
  /** A whole number, larger for each later lease of this id. */
  readonly fence: number;
}

/** What takes and holds a lease: in the store a session `{ token, fence }` that lives for `ttl`. */
export function leaseOf(
  store: FullSessionStore,
  id: string,
  ttl: number,
  controller: AbortController,
): {
  take: () => Promise<boolean>;
  hold: <R>(run: (lease: Lease) => R | Promise<R>) => Promise<R>;
} {
  const { signal } = controller;
  const token = randomUUID();
  let fence = 0;
  // A quarter of `ttl` early, as clocks differ; by `performance.now()`, which nobody can set.
  let end = 0;
  const left = () => end - performance.now();
  const update = (change: (found: Session | null) => Changed) =>
    store.update(id, change, { expiresIn: ttl / 60_000 });

  /** Whether the lease is ours after this: what was ours already is renewed. */
  async function claim(otherwise: (found: Session | null) => Changed): Promise<boolean> {
    const start = performance.now();
    const stored = await update((found) => (found?.token === token ? found : otherwise(found)));
    if (stored?.token !== token) return false;
    fence = stored.fence;
    end = start + ttl * 0.75;
    return left() > 0;
  }

  const take = () =>
    claim((found) => {
      if (found && !Number.isFinite(found.fence)) {
        throw new TypeError('this session is no lease: give leases a store of their own');
      }
      if (found?.token !== undefined) return KEEP;
      // The clock makes it grow when the record is gone, the record when the clock is behind.
      return { token, fence: Math.max((found?.fence ?? 0) + 1, Date.now() * 1000) };
    });

  async function hold<R>(run: (lease: Lease) => R | Promise<R>): Promise<R> {
    let isOver = false;
    let isRenewing = false;
    let timer: NodeJS.Timeout | undefined;
    const lose = () => {
      isOver = true;
      const options = { id, outcome: 'unknown' } as const;
      controller.abort(new SessionError('CONFLICT', 'the lease was lost', options));
    };
    const renew = async () => {
      isRenewing = true;
      const isOurs = await claim(() => KEEP).catch(() => true); // try again, until the end
      isRenewing = false;
      if (!isOurs && !isOver) lose();
    };
    const watch = () => {
      if (isOver) return;
      if (left() < 1) return lose();
      timer = setTimeout(watch, Math.min(left(), ttl / 16));
      if (!isRenewing && left() <= ttl / 2) void renew();
    };
    watch();
    try {
      signal.throwIfAborted();
      return await run({ id, signal, fence });
    } finally {
      clearTimeout(timer);
      // The fence stays for a while, for clocks that differ. If this fails, all of it ends with `ttl`.
      const free = (found: Session | null) => (found?.token === token ? { fence } : KEEP);
      const isLost = isOver;
      isOver = true;
      if (!isLost) await update(free).catch(() => {});
    }
  }

  return { take, hold };
}
