export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export type { ExclusiveOptions } from '@sessions/lease';
export {
  type ConversationContext,
  type ConversationOptions,
  conversation,
} from './conversation.ts';
export { conversationStore } from './conversation-store.ts';
