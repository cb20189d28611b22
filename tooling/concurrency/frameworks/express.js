import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { ExpressStore } from '@sessions/express';
import express from 'express';
import session from 'express-session';

const secret = 'secret';

export const key = '7';

export async function start(way, store) {
  await store.write(key, { cookie: { originalMaxAge: null }, count: 0 });
  const app = express();
  const options = { secret, resave: false, saveUninitialized: false };
  app.use(session({ ...options, store: new ExpressStore(store) }));
  app.get('/', async (request, response) => {
    if (way === 'own') request.session.count++;
    else await store.update(request.sessionID, (found) => ({ ...found, count: found.count + 1 }));
    response.send();
  });
  const server = app.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  // The cookie that express-session has given to this visitor.
  const signature = createHmac('sha256', secret).update(key).digest('base64').replace(/=+$/, '');
  const cookie = `connect.sid=${encodeURIComponent(`s:${key}.${signature}`)}`;
  return async () => {
    const url = `http://127.0.0.1:${server.address().port}`;
    const response = await fetch(url, { headers: { cookie } });
    if (!response.ok) throw new Error(await response.text());
  };
}
