export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export type { ExclusiveOptions } from '@sessions/lease';
export { StoreStorage, type TurnOptions } from './storage.ts';
export { TeamsStorage } from './teams-storage.ts';
