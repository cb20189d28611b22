import { expect, test } from '@jest/globals';
import { KEEP } from '@sessions/core';
import type { RequestHandler } from 'express';
import { ExpressStore } from '../src/index.ts';
import { Gate, idIn, logOut, show, startSite, view } from './site.ts';
import { onEachStore } from './stores.ts';

/** Handlers that wait within a request, and then change something; and how to let them go on. */
function slow(change: RequestHandler) {
  const [arrived, go] = [new Gate(), new Gate()];
  const handler: RequestHandler = async (request, response, next) => {
    arrived.open();
    await go.opened;
    change(request, response, next);
  };
  return { handler, arrived: arrived.opened, goOn: go.open };
}

onEachStore((open) => {
  test.each([true, false])(
    'a logout during a slow request is final, with resave: %s',
    async (resave) => {
      const sessions = open();
      for (const change of [view, show]) {
        const { handler, arrived, goOn } = slow(change);
        const options = { store: new ExpressStore(sessions), resave };
        const handlers = { '/': view, '/slow': handler, '/logout': logOut };
        const visit = await startSite(options, handlers);
        const { cookie } = await visit('/');
        const answer = visit('/slow', cookie);
        await arrived;
        expect((await visit('/logout', cookie)).body).toBe('bye');
        goOn();
        expect((await answer).status).toBe(200);
        expect(await sessions.all()).toEqual([]);
        expect((await visit('/', cookie)).body).toBe('1');
        await sessions.clear();
      }
    },
  );

  test('a logout is final for the request that has begun the session, too', async () => {
    const sessions = open();
    const [saved, go] = [new Gate(), new Gate()];
    const stream: RequestHandler = async (request, response) => {
      request.session.user = 'Tim';
      response.write('hello'); // the visitor has the cookie
      request.session.save(saved.open);
      await go.opened;
      request.session.views = 1;
      response.end();
    };
    const store = new ExpressStore(sessions);
    const visit = await startSite({ store }, { '/stream': stream });
    const answer = visit('/stream');
    await saved.opened;
    expect(await sessions.all()).toMatchObject([{ user: 'Tim' }]);
    for await (const id of sessions.ids()) await sessions.destroy(id);
    go.open();
    await answer;
    expect(await sessions.all()).toEqual([]);
  });

  test('two requests at once each keep what they change, and what the other one removes', async () => {
    const sessions = open();
    await sessions.init();
    const { handler, arrived, goOn } = slow((request, response) => {
      request.session.theme = 'dark';
      response.send();
    });
    const logIn: RequestHandler = (request, response) => {
      request.session.user = 'Tim';
      response.send();
    };
    const forget: RequestHandler = (request, response) => {
      request.session.views = 5;
      delete request.session.user;
      response.send();
    };
    const handlers = { '/': logIn, '/slow': handler, '/forget': forget, '/show': show };
    const store = new ExpressStore(sessions);
    const visit = await startSite({ store, resave: true }, handlers);
    const { cookie } = await visit('/');
    const answer = visit('/slow', cookie);
    await arrived;
    await visit('/forget', cookie);
    goOn();
    await answer;
    expect((await visit('/show', cookie)).body).toBe('[5,null,"dark"]');
  });

  test('100 requests at once keep 100 members, and 100 of 100 increments by update', async () => {
    const sessions = open();
    const add: RequestHandler = async (request, response) => {
      const { session, sessionID, query } = request;
      Object.assign(session, { [`member${query.n}`]: true });
      await sessions.update(sessionID, (found) =>
        found ? { ...found, visits: (found.visits ?? 0) + 1 } : KEEP,
      );
      response.send();
    };
    const visit = await startSite(
      { store: new ExpressStore(sessions) },
      { '/': view, '/add': add },
    );
    const { cookie } = await visit('/');
    await Promise.all(Array.from({ length: 100 }, (_, n) => visit(`/add?n=${n}`, cookie)));
    const found = await sessions.read(idIn(cookie));
    expect(found?.visits).toBe(100);
    expect(Object.keys(found ?? {}).filter((name) => name.startsWith('member'))).toHaveLength(100);
  });
});
