export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export { StoreStateAdapter } from './state-adapter.ts';
