import { randomUUID } from 'node:crypto';
import { describe } from '@jest/globals';
import {
  CloudAdapter,
  ConversationState,
  type Request,
  type Storage,
  type TurnContext,
} from '@microsoft/agents-hosting';
import type { FullSessionStore, StoreOptions } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';
import { newFolder } from '../../../tooling/temporary-folder.ts';

type Logic = (context: TurnContext) => Promise<void>;

export const CONVERSATION = 'test/conversations/c1';
/** Where `ConversationState` keeps its item. */
export const KEY = `${CONVERSATION}/`;

export const yieldOnce = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

/** A message of a person, given to the adapter as a web server does; the answers come back at once. */
export async function send(
  adapter: CloudAdapter,
  logic: Logic,
  { text = 'Hi', conversation = 'c1' } = {},
): Promise<number | undefined> {
  const body = {
    type: 'message',
    id: randomUUID(),
    text,
    channelId: 'test',
    serviceUrl: 'http://localhost',
    deliveryMode: 'expectReplies',
    from: { id: 'user' },
    recipient: { id: 'bot' },
    conversation: { id: conversation },
  };
  let answered: number | undefined;
  const response = {
    status(code: number) {
      answered = code;
    },
    setHeader() {},
    send() {},
    end() {},
  };
  await adapter.process({ headers: {}, body } as Request, response as never, logic);
  return answered;
}

/** What a bot does that counts its messages by the SDK's `ConversationState`. */
export function counter(storage: Storage): Logic {
  const state = new ConversationState(storage);
  const count = state.createProperty<number>('count');
  return async (context) => {
    const before = await count.get(context, 0);
    await yieldOnce();
    await count.set(context, before + 1);
    await state.saveChanges(context);
  };
}

/** An adapter that hands on the errors of its turns, rather than answering that there was one. */
export function newAdapter(): CloudAdapter {
  const adapter = new CloudAdapter({});
  adapter.onTurnError = (_, error) => Promise.reject(error);
  return adapter;
}

type Open = (options?: StoreOptions) => FullSessionStore;

/** Declares tests for stores that need no server. `open` makes one that is empty. */
export function describeStores(body: (open: Open) => void): void {
  describe('in memory', () => body((options) => new MemorySessionStore(Infinity, options)));
  describe('in files', () => body((options) => new FileSessionStore(newFolder(), options)));
}
