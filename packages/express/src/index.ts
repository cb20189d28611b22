export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export { ExpressStore } from './express-store.ts';
