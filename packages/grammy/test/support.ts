import { describe } from '@jest/globals';
import type { FullSessionStore } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';
import { Bot, type Context } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import { newFolder } from '../../../tooling/temporary-folder.ts';

const botInfo = { id: 1, is_bot: true, first_name: 'Bot', username: 'bot' } as UserFromGetMe;

/** A bot that is told who it is, and so needs no network. What it sends goes nowhere. */
export function newBot<C extends Context>(): Bot<C> {
  const bot = new Bot<C>('42:token', { botInfo });
  bot.api.config.use(async () => ({ ok: true, result: true as never }));
  return bot;
}

let update_id = 0;

/** A message of a person, in their private chat or in another one. */
export function message(text: string, from = 7, chat = from): Update {
  return {
    update_id: ++update_id,
    message: {
      message_id: update_id,
      date: 0,
      text,
      from: { id: from, is_bot: false, first_name: 'Ada' },
      chat: { id: chat, type: 'private', first_name: 'Ada' },
    },
  };
}

/** An update that belongs to no chat. */
export function poll(): Update {
  return { update_id: ++update_id, poll: { id: '1', question: 'Why?' } } as Update;
}

/** Declares tests for stores that need no server. `open` makes one that is empty. */
export function describeStores(body: (open: () => FullSessionStore) => void): void {
  describe('in memory', () => body(() => new MemorySessionStore()));
  describe('in files', () => body(() => new FileSessionStore(newFolder())));
}

/** All that there is to iterate. */
export async function listed<T>(values: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}
