export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export {
  type TranscriptEntry,
  type TranscriptKey,
  TranscriptStore,
  type TranscriptStoreOptions,
} from './transcript-store.ts';
