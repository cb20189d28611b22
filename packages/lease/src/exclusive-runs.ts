import { checkOptions, type FullSessionStore } from '@sessions/core';
import { guardRun } from './guarded.ts';
import type { Lease } from './lease.ts';
import { type LeaseOptions, leaseOptions, withLease } from './with-lease.ts';

/** The beginning of the ids of leases that are kept beside sessions. */
export const LEASE_PREFIX = 'lease:';

export interface ExclusiveOptions extends LeaseOptions {
  /** The store that keeps the leases; by default the one that has the sessions. */
  readonly leases?: FullSessionStore | undefined;
}

/**
 * Makes a function `(id, run)` that runs one `run` at a time for each id, in all processes that share the
 * store, and settles as `run` does. The option `exclusive` of core's `Conversations` takes it. The id of
 * the lease is `LEASE_PREFIX` and the id of the session. Within `run`, a `guarded` store writes only over
 * what was read there. `true` means no options.
 *
 * Throws a `TypeError` or `RangeError` for wrong arguments. The function rejects as `withLease` does.
 */
export function exclusiveRuns(
  store: FullSessionStore,
  options: true | ExclusiveOptions = {},
): <R>(id: string, run: (lease: Lease) => R | Promise<R>) => Promise<R> {
  const given = options === true ? {} : options;
  checkOptions('exclusive', given, ['leases', 'ttl', 'wait', 'signal']);
  const { leases = store, ...others } = given;
  leaseOptions(leases, others);
  return (id, run) =>
    withLease(leases, `${LEASE_PREFIX}${id}`, (lease) => guardRun(() => run(lease)), others);
}
