import { randomUUID } from 'node:crypto';
import { describe } from '@jest/globals';
import type { FullSessionStore, StoreOptions } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';
import { newFolder } from '../../../tooling/temporary-folder.ts';
import type { TranscriptEntry } from '../src/index.ts';

export const KEY = { projectKey: 'proj', sessionId: 'sess' };

export const E = (type: string, extra: Record<string, unknown> = {}): TranscriptEntry => ({
  type,
  ...extra,
});

/** So many entries, each with a uuid. */
export const entriesOf = (count: number): TranscriptEntry[] =>
  Array.from({ length: count }, (_, n) => E('user', { n, uuid: randomUUID() }));

/** Declares tests for stores that need no server. `open` makes one that is empty. */
export function describeStores(
  body: (open: (options?: StoreOptions) => FullSessionStore) => void,
): void {
  describe('in memory', () => body((options) => new MemorySessionStore(Infinity, options)));
  describe('in files', () => body((options) => new FileSessionStore(newFolder(), options)));
}
