export { concurrently } from './concurrently.ts';
export type { Conversation, State, StateChange, StateMembers } from './conversation.ts';
export { type ConversationOptions, Conversations, type Exclusive } from './conversations.ts';
export { type Copied, type CopyOptions, copy } from './copy.ts';
export {
  applyPut,
  type Driver,
  type DriverEntry,
  type DriverId,
  HISTORY_LENGTH,
  isRecord,
  type SessionRecord,
} from './driver.ts';
export { DriverStore } from './driver-store.ts';
export {
  hashId,
  isRefusal,
  isSessionError,
  type Outcome,
  SessionError,
  type SessionErrorCode,
} from './errors.ts';
export { checkExpiresIn, DEFAULT_EXPIRES_IN, isExpired, minutesLeft } from './expiry.ts';
export { type Codec, JSON_TEXT } from './json.ts';
export { KeyedMutex } from './keyed-mutex.ts';
export type { StoreOperation } from './operations.ts';
export { checkOptions } from './options.ts';
export {
  type Capabilities,
  type Changed,
  type DestroyOptions,
  type FullSessionStore,
  type InterruptOptions,
  KEEP,
  type LifetimeOptions,
  type ListOptions,
  type Session,
  type SessionStore,
  type StoreOptions,
  type Version,
  type WriteOptions,
} from './session-store.ts';
export { updateSession } from './update-session.ts';
