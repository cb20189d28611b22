export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export { type ConversationFlavor, type ConversationOptions, conversation } from './conversation.ts';
export { type ExclusiveOptions, exclusive, storageAdapter } from './session.ts';
