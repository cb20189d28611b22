export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export { type ExclusiveOptions, StoreStorage } from './storage.ts';
export { TeamsStorage } from './teams-storage.ts';
