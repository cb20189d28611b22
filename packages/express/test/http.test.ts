import { expect, test } from '@jest/globals';
import { KEEP } from '@sessions/core';
import type { RequestHandler } from 'express';
import { ExpressStore } from '../src/index.ts';
import { idIn, show, startSite, view } from './site.ts';
import { onEachStore } from './stores.ts';

const DAY = 24 * 60 * 60_000;

onEachStore((open) => {
  test('a visitor is known again, and another one is another', async () => {
    const sessions = open();
    const visit = await startSite({ store: new ExpressStore(sessions) }, { '/': view });
    const { cookie } = await visit('/');
    expect((await visit('/', cookie)).body).toBe('2');
    expect((await visit('/')).body).toBe('1');
    expect(await sessions.read(idIn(cookie))).toMatchObject({ views: 2 });
    expect(await sessions.all()).toHaveLength(2);
  });

  test('who has changed nothing is not stored', async () => {
    const sessions = open();
    const visit = await startSite({ store: new ExpressStore(sessions) }, { '/': show });
    expect((await visit('/')).cookie).toBeUndefined();
    expect(await sessions.all()).toEqual([]);
  });

  test('a cookie without a session gets a new session with a new id', async () => {
    const sessions = open();
    const visit = await startSite({ store: new ExpressStore(sessions) }, { '/': view });
    const { cookie } = await visit('/');
    await sessions.destroy(idIn(cookie));
    const again = await visit('/', cookie);
    expect(again.body).toBe('1');
    expect(again.cookie).toBeDefined();
    expect(idIn(again.cookie)).not.toBe(idIn(cookie));
  });

  test('a request that changes nothing renews the session, and the end of its cookie', async () => {
    const sessions = open();
    const options = { store: new ExpressStore(sessions), cookie: { maxAge: 7 * DAY } };
    const visit = await startSite(options, { '/': view, '/show': show });
    const { cookie } = await visit('/');
    const before = await sessions.readVersion(idIn(cookie));
    await visit('/show', cookie);
    const after = await sessions.readVersion(idIn(cookie));
    expect(after?.etag).not.toBe(before?.etag);
    expect(after?.expiresAt).toBeGreaterThanOrEqual(before?.expiresAt ?? Infinity);
    expect(after?.expiresAt).toBeGreaterThan(Date.now() + 7 * DAY - 30_000);
    const end = new Date(after?.session.cookie.expires).getTime();
    expect(Math.abs((after?.expiresAt ?? 0) - end)).toBeLessThan(30_000);
  });

  test('regenerate leaves nothing of the old session', async () => {
    const sessions = open();
    const logIn: RequestHandler = (request, response, next) => {
      request.session.regenerate((error) => {
        if (error) return next(error);
        request.session.user = 'Tim';
        response.send();
      });
    };
    const store = new ExpressStore(sessions);
    const visit = await startSite({ store }, { '/': view, '/login': logIn, '/show': show });
    const { cookie } = await visit('/');
    const { cookie: fresh } = await visit('/login', cookie);
    expect((await visit('/show', fresh)).body).toBe('[null,"Tim",null]');
    expect(await sessions.read(idIn(cookie))).toBeNull();
  });

  test('reload sees what is stored by now, and fails when it is gone', async () => {
    const sessions = open();
    const reload: RequestHandler = async (request, response, next) => {
      const { sessionID, session } = request;
      await sessions.update(sessionID, (found) => (found ? { ...found, views: 7 } : KEEP));
      session.reload((error) => (error ? next(error) : show(request, response, next)));
    };
    const gone: RequestHandler = async ({ sessionID, session }, response) => {
      await sessions.destroy(sessionID);
      session.reload((error) => response.send(error.message));
    };
    const handlers = { '/': view, '/reload': reload, '/gone': gone };
    const visit = await startSite({ store: new ExpressStore(sessions) }, handlers);
    const { cookie } = await visit('/');
    expect((await visit('/reload', cookie)).body).toBe('[7,null,null]');
    expect((await visit('/gone', cookie)).body).toBe('failed to load session');
    expect(await sessions.all()).toEqual([]);
  });

  test('unset: destroy removes the session', async () => {
    const sessions = open();
    const unset: RequestHandler = (request, response) => {
      request.session = null as never;
      response.send();
    };
    const options = { store: new ExpressStore(sessions), unset: 'destroy' } as const;
    const visit = await startSite(options, { '/': view, '/unset': unset });
    const { cookie } = await visit('/');
    await visit('/unset', cookie);
    expect(await sessions.all()).toEqual([]);
  });
});
