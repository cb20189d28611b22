import { describe } from '@jest/globals';
import type { FullSessionStore } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';
import { type Context, Telegraf } from 'telegraf';
import type { Update, UserFromGetMe } from 'telegraf/types';
import { newFolder } from '../../../tooling/temporary-folder.ts';

const botInfo = { id: 1, is_bot: true, first_name: 'Bot', username: 'bot' } as UserFromGetMe;

/** A bot that is told who it is, and so needs no network. Its errors are those of `handleUpdate`. */
export function newBot<C extends Context>(): Telegraf<C> {
  const bot = new Telegraf<C>('42:token');
  bot.botInfo = botInfo;
  return bot.catch((error) => {
    throw error;
  });
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

/** An update without a sender. */
export function channelPost(): Update {
  const chat = { id: -100, type: 'channel', title: 'News' } as const;
  const channel_post = { message_id: ++update_id, date: 0, text: 'Hi', chat };
  return { update_id, channel_post } as Update;
}

/** Declares tests for stores that need no server. `open` makes one that is empty. */
export function describeStores(body: (open: () => FullSessionStore) => void): void {
  describe('in memory', () => body(() => new MemorySessionStore()));
  describe('in files', () => body(() => new FileSessionStore(newFolder())));
}
