import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTelegramAdapter } from '@chat-adapter/telegram';
import { afterAll, describe } from '@jest/globals';
import type { FullSessionStore, StoreOptions } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';
import { type Adapter, Chat, type ChatConfig, ConsoleLogger, type StateAdapter } from 'chat';
import { newFolder } from '../../../tooling/temporary-folder.ts';

const result = { id: 1, is_bot: true, first_name: 'Bot', username: 'bot' };

// What Telegram answers to who the bot is.
const api = createServer((_, response) => response.end(JSON.stringify({ ok: true, result })));
await once(api.listen(0, '127.0.0.1'), 'listening');
afterAll(() => void api.close());
const apiBaseUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;

export interface Counter {
  count: number;
}

export type Bot = Chat<{ telegram: Adapter }, Counter>;

/** A bot with the adapter for Telegram, which finds its server on this machine. */
export function newBot(state: StateAdapter, config: Partial<ChatConfig> = {}): Bot {
  const telegram = createTelegramAdapter({
    botToken: '42:token',
    mode: 'webhook',
    allowUnverifiedWebhooks: true,
    apiBaseUrl,
    logger: new ConsoleLogger('silent'),
  });
  const adapters = { telegram: telegram as unknown as Adapter }; // its types are less exact than ours
  const options = { userName: 'bot', concurrency: 'concurrent', logger: 'silent' } as const;
  return new Chat({ state, ...options, ...config, adapters });
}

/** A message of a person to the bot, as Telegram delivers it; resolves once it has been handled. */
export async function send(bot: Bot, text: string, n: number): Promise<void> {
  const chat = { id: 7, type: 'private', first_name: 'Ada' };
  const from = { id: 7, is_bot: false, first_name: 'Ada' };
  const message = { message_id: n, date: 0, text, from, chat };
  const body = JSON.stringify({ update_id: n, message });
  const handled: Promise<unknown>[] = [];
  const waitUntil = (task: Promise<unknown>) => handled.push(task);
  const request = new Request('http://localhost', { method: 'POST', body });
  const { status } = await bot.webhooks.telegram(request, {
    waitUntil,
    propagateHandlerErrors: true,
  });
  if (status !== 200) throw new Error(`Telegram is told ${status}`);
  await Promise.all(handled);
}

/** 100 messages of one person, all at once. */
export const send100 = (bot: Bot): Promise<unknown> =>
  Promise.all(Array.from({ length: 100 }, (_, n) => send(bot, `${n}`, n + 1)));

type Open = (options?: StoreOptions) => FullSessionStore;

/** Declares tests for stores that need no server. `open` makes one that is empty. */
export function describeStores(body: (open: Open) => void): void {
  describe('in memory', () => body((options) => new MemorySessionStore(Infinity, options)));
  describe('in files', () => body((options) => new FileSessionStore(newFolder(), options)));
}
