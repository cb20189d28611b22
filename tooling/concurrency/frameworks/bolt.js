import { conversation, conversationStore } from '@sessions/bolt';
import { App } from '@slack/bolt';

const initial = () => ({ count: 0 });

export const key = 'C1';

export function start(way, store) {
  const app = new App({
    convoStore: way === 'own' && conversationStore(store),
    authorize: async () => ({ botToken: 'xoxb-1' }),
    receiver: { init() {}, async start() {}, async stop() {} },
  });
  const errors = [];
  app.error(async (error) => void errors.push(error));
  if (way === 'middleware') {
    app.use(conversation(store, { initial }));
    app.message(async ({ context }) => {
      context.conversation.setState(({ count }) => ({ count: count + 1 }));
    });
  } else if (way === 'exclusive') {
    app.use(conversation(store, { initial, exclusive: { wait: 60_000 } }));
    app.message(async ({ context: { conversation } }) => {
      conversation.setState({ count: conversation.state.count + 1 });
    });
  } else {
    app.message(async ({ context }) => {
      const { count } = context.conversation ?? initial();
      await context.updateConversation({ count: count + 1 });
    });
  }
  const event = { type: 'message', channel: 'C1', user: 'U1', text: 'Hi', ts: '1.0' };
  const body = { type: 'event_callback', team_id: 'T1', event };
  return async () => {
    await app.processEvent({ body, ack: async () => {} });
    if (errors.length > 0) throw errors[0];
  };
}
