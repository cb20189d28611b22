import { KeyedMutex } from '@sessions/core';
import { exclusiveRuns } from '@sessions/lease';
import { TelegramBot } from 'bottender';

export const key = 'telegram:42';

export function start(way, sessionStore, processes) {
  const bot = new TelegramBot({ accessToken: '42:token', sessionStore, sync: true });
  bot.setInitialState({ count: 0 });
  bot.onEvent((context) => context.setState({ count: context.state.count + 1 }));
  const handle = bot.createRequestHandler();
  const message = { chat: { id: 42, type: 'private' }, from: { id: 42 }, text: 'Hi' };
  if (way === 'own') return () => handle({ message });
  const lines = new KeyedMutex();
  const run =
    processes === 1
      ? (id, handler) => lines.run(id, handler)
      : exclusiveRuns(sessionStore, { wait: 60_000 });
  return () => run('42', () => handle({ message }));
}
