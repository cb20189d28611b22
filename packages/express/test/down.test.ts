import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { RedisSessionStore } from '@sessions/redis';
import type { RequestHandler } from 'express';
import { ExpressStore } from '../src/index.ts';
import { idIn, logOut, startSite, view } from './site.ts';

/** A port of this machine that nobody listens to any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

test('a store that is down never looks like a new visitor', async () => {
  const options = { timeout: 500, onWarning: () => {} };
  const redis = new RedisSessionStore({ port: await closedPort(), host: '127.0.0.1' }, options);
  const handled: unknown[] = [];
  const note: RequestHandler = (request, response) => {
    handled.push(request.sessionID);
    response.send();
  };
  // A cookie of the same secret.
  const up = await startSite({ store: new ExpressStore(new MemorySessionStore()) }, { '/': view });
  const { cookie } = await up('/');
  const down = await startSite({ store: new ExpressStore(redis) }, { '/': note });
  const answer = await down('/', cookie);
  expect(answer.status).toBe(500);
  expect(['UNAVAILABLE', 'TIMEOUT']).toContain(answer.body);
  expect(answer.cookie).toBeUndefined();
  expect(handled).toEqual([]);
  await redis.close();
});

test.each(['save', 'touch', 'destroy'] as const)(
  'a store that is down is told to the request: %s',
  async (what) => {
    const sessions = new MemorySessionStore();
    const fail: RequestHandler = async (request, response, next) => {
      await sessions.close();
      if (what === 'destroy') return logOut(request, response, next);
      if (what === 'save') request.session.user = 'Tim';
      if (what === 'save') return request.session.save((error) => next(error));
      request.sessionStore.touch?.(request.sessionID, request.session as never, next);
    };
    const store = new ExpressStore(sessions);
    const visit = await startSite({ store }, { '/': view, '/fail': fail });
    const { cookie } = await visit('/');
    expect(await visit('/fail', cookie)).toMatchObject({ status: 500, body: 'CLOSED' });
  },
);

test('what is no session of a web site is an error', async () => {
  const sessions = new MemorySessionStore();
  const visit = await startSite({ store: new ExpressStore(sessions) }, { '/': view });
  const { cookie } = await visit('/');
  await sessions.write(idIn(cookie), { n: 1 });
  expect((await visit('/', cookie)).status).toBe(500);
  expect(await sessions.read(idIn(cookie))).toEqual({ n: 1 });
});
