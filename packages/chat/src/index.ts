export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export type { ExclusiveOptions } from '@sessions/lease';
export { createStoreState, type StoreState } from './store-state.ts';
