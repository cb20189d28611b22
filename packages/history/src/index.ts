export { isSessionError, SessionError, type SessionErrorCode } from '@sessions/core';
export { History } from './history.ts';
export type {
  AppendOptions,
  HistoryOptions,
  ItemsOptions,
  ReplaceOptions,
  Summary,
} from './options.ts';
export type { Damage, Verified } from './verify.ts';
