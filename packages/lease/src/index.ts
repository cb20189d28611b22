export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export { type ExclusiveOptions, exclusiveRuns, LEASE_PREFIX } from './exclusive-runs.ts';
export { type GuardedStore, guarded } from './guarded.ts';
export type { Lease } from './lease.ts';
export { type LeaseOptions, withLease } from './with-lease.ts';
