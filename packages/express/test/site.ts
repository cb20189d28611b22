import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from '@jest/globals';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import session, { type SessionOptions } from 'express-session';

declare module 'express-session' {
  interface SessionData {
    views?: number;
    user?: string | undefined;
    theme?: string;
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** What the response sets, `undefined` if nothing. */
  readonly cookie: string | undefined;
}

const servers = new Set<Server>();
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** A real server with express-session, and handlers by path. */
export async function startSite(
  options: Partial<SessionOptions>,
  handlers: Record<string, RequestHandler>,
): Promise<(path: string, cookie?: string) => Promise<Answer>> {
  const app = express();
  app.use(session({ secret: 'secret', resave: false, saveUninitialized: false, ...options }));
  for (const [path, handler] of Object.entries(handlers)) app.get(path, handler);
  const failed: ErrorRequestHandler = (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    response.status(500).send(error.code ?? error.message);
  };
  app.use(failed);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.add(server);
  const { port } = server.address() as AddressInfo;
  return async (path, cookie) => {
    const headers = cookie ? { cookie: cookie.split(';')[0] as string } : {};
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const [set] = response.headers.getSetCookie();
    return { status: response.status, body: await response.text(), cookie: set };
  };
}

/** The id in a cookie. */
export function idIn(cookie: string | undefined): string {
  return decodeURIComponent(/connect\.sid=s%3A(.+?)\./.exec(cookie ?? '')?.[1] ?? '');
}

export const view: RequestHandler = (request, response) => {
  request.session.views = (request.session.views ?? 0) + 1;
  response.send(String(request.session.views));
};
export const show: RequestHandler = ({ session }, response) => {
  response.send(JSON.stringify([session.views, session.user, session.theme]));
};
export const logOut: RequestHandler = (request, response, next) => {
  request.session.destroy((error) => (error ? next(error) : response.send('bye')));
};

/** Something to wait for, and the way to let it happen. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
