// Checked by the compiler alone: `tsc -p test`.
import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { FullSessionStore } from '@sessions/core';
import { expectTypeOf } from 'expect-type';
import { type TranscriptEntry, type TranscriptKey, TranscriptStore } from '../src/index.ts';

export function asTheSdkHasIt(store: FullSessionStore): void {
  const sessionStore: SessionStore = new TranscriptStore(store, { expiresIn: 60 });
  expectTypeOf(sessionStore.load).returns.resolves.toEqualTypeOf<SessionStoreEntry[] | null>();
  expectTypeOf<TranscriptEntry>().toExtend<SessionStoreEntry>();
  expectTypeOf<SessionStoreEntry>().toExtend<TranscriptEntry>();
  expectTypeOf<TranscriptKey>().toExtend<SessionKey>();
  expectTypeOf<SessionKey>().toExtend<TranscriptKey>();
  // @ts-expect-error: the option is expiresIn
  new TranscriptStore(store, { ttl: 60 });
}
