import { describe } from '@jest/globals';
import { type AgentInputItem, setTracingDisabled } from '@openai/agents';
import type { FullSessionStore, StoreOptions } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';
import { newFolder } from '../../../tooling/temporary-folder.ts';

setTracingDisabled(true);

export const createUserMessage = (text: string): AgentInputItem => ({
  role: 'user',
  content: [{ type: 'input_text', text }],
});

/** The texts of items, in their order. */
export const textsOf = (items: readonly AgentInputItem[]): unknown[] =>
  items.map((item) => {
    const { content } = item as { content?: string | [{ text: string }] };
    return typeof content === 'string' ? content : content?.[0].text;
  });

/** Declares tests for stores that need no server. `open` makes one that is empty. */
export function describeStores(
  body: (open: (options?: StoreOptions) => FullSessionStore) => void,
): void {
  describe('in memory', () => body((options) => new MemorySessionStore(Infinity, options)));
  describe('in files', () => body((options) => new FileSessionStore(newFolder(), options)));
}
