import { App } from '@microsoft/teams.apps';
import { TeamsStorage } from '@sessions/m365';

export const key = 'ts:conv:c1';
export const countIn = (session) => JSON.parse(session.value).count;

export async function start(way, store) {
  const storage = new TeamsStorage(store);
  let post;
  const app = new App({
    state: { storage },
    dangerouslyAllowUnauthenticatedRequests: true,
    httpServerAdapter: {
      registerRoute(_method, _path, handler) {
        post = handler;
      },
    },
  });
  if (way === 'exclusive') storage.exclusive(app, { wait: 60_000 });
  app.on('message', ({ state: { conversation } }) => {
    conversation.set('count', (conversation.get('count') ?? 0) + 1);
  });
  await app.initialize();
  const body = {
    type: 'message',
    channelId: 'msteams',
    serviceUrl: 'http://localhost',
    from: { id: 'ada' },
    recipient: { id: 'bot' },
    conversation: { id: 'c1' },
  };
  return async () => {
    const { status } = await post({ headers: {}, body });
    if (status !== 200) throw new Error(`Teams is told ${status}`);
  };
}
