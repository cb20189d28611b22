export {
  type Conversation,
  Conversations,
  type State,
  type StateChange,
  type StateMembers,
} from './conversations.ts';
export {
  applyPut,
  type Driver,
  type DriverEntry,
  HISTORY_LENGTH,
  isRecord,
  type SessionRecord,
} from './driver.ts';
export { DriverStore } from './driver-store.ts';
export {
  hashId,
  isSessionError,
  type Outcome,
  SessionError,
  type SessionErrorCode,
} from './errors.ts';
export { DEFAULT_EXPIRES_IN, isExpired } from './expiry.ts';
export type {
  Capabilities,
  FullSessionStore,
  InterruptOptions,
  Session,
  SessionStore,
  StoreOptions,
} from './session-store.ts';
export { updateSession } from './update-session.ts';
