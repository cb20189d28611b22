import { App, type AppOptions, LogLevel, type Receiver } from '@slack/bolt';
import type { ConversationContext } from '../src/index.ts';

export interface Counter {
  count: number;
  nickname?: string;
}

/** Hands over what a test sends, in place of the network. */
class TestReceiver implements Receiver {
  init(): void {}
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
}

/** An app, what it gets, and what reaches its `app.error`. */
export function startApp(options: AppOptions = {}) {
  const app = new App<ConversationContext<Counter>>({
    receiver: new TestReceiver(),
    authorize: async () => ({ botToken: 'xoxb-1', botId: 'B1', botUserId: 'U1' }),
    logLevel: LogLevel.ERROR,
    convoStore: false,
    ...options,
  });
  const errors: Error[] = [];
  app.error(async (error) => void errors.push(error));
  const acks: unknown[] = [];
  const ack = async (response?: unknown) => void acks.push(response);
  const send = (body: object) => app.processEvent({ body, ack });
  const say = (text: string, channel = 'C1') => send(message(text, channel));
  return { app, errors, acks, send, say };
}

export function message(text: string, channel: string): object {
  return event({ type: 'message', channel, user: 'U2', text, ts: '1.0', channel_type: 'channel' });
}

export function event(event: object): object {
  return { type: 'event_callback', team_id: 'T1', event };
}
