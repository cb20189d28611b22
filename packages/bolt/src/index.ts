export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export {
  type ConversationContext,
  type ConversationOptions,
  conversation,
} from './conversation.ts';
export { conversationStore } from './conversation-store.ts';
