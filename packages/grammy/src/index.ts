export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export type { ExclusiveOptions } from '@sessions/lease';
export { type ConversationFlavor, type ConversationOptions, conversation } from './conversation.ts';
export { type SessionOptions, session, storageAdapter } from './session.ts';
