export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export { HistorySession, type HistorySessionOptions } from './history-session.ts';
