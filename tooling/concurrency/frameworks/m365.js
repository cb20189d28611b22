import { CloudAdapter, ConversationState } from '@microsoft/agents-hosting';
import { StoreStorage } from '@sessions/m365';

export const key = 'test/conversations/c1/';

export function start(way, store) {
  const storage = new StoreStorage(store);
  const adapter = new CloudAdapter({});
  if (way === 'exclusive') adapter.use(storage.exclusive({ wait: 60_000 }));
  adapter.onTurnError = (_, error) => Promise.reject(error);
  const state = new ConversationState(storage);
  const count = state.createProperty('count');
  const onTurn = async (context) => {
    await count.set(context, (await count.get(context, 0)) + 1);
    await state.saveChanges(context);
  };
  const body = {
    type: 'message',
    channelId: 'test',
    serviceUrl: 'http://localhost',
    deliveryMode: 'expectReplies',
    from: { id: 'ada' },
    recipient: { id: 'bot' },
    conversation: { id: 'c1' },
  };
  const response = { status() {}, setHeader() {}, send() {}, end() {} };
  return () => adapter.process({ headers: {}, body }, response, onTurn);
}
