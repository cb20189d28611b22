import type { SessionStore } from '@sessions/core';
import { TelegramBot } from 'bottender';

/** A bot of Bottender that counts the messages of each chat, and how to send it one. */
export function countingBot(sessionStore: unknown) {
  // Its types are for stores that give its own type of session.
  const options = { accessToken: '42:token', sync: true, sessionStore: sessionStore as never };
  const bot = new TelegramBot(options);
  bot.setInitialState({ count: 0 });
  bot.onEvent(async (context) => {
    const { count } = context.state as { count: number };
    await new Promise(setImmediate);
    context.setState({ count: count + 1 });
  });
  const handle = bot.createRequestHandler();
  return async (chat: number) => {
    const from = { id: chat, is_bot: false, first_name: 'Ada' };
    const message = {
      message_id: 1,
      date: 1,
      chat: { id: chat, type: 'private' },
      from,
      text: 'Hi',
    };
    await handle({ update_id: 1, message } as never, undefined as never);
  };
}

/** What a bot of Bottender has counted. */
export async function countIn(store: Pick<SessionStore, 'read'>, id: string): Promise<number> {
  return (await store.read(id))?._state.count;
}
