import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Ui } from '../src/ui/server.ts';

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** A request as no browser has to send it. The path is what it is: nothing is made of `..`. */
export async function ask(
  ui: Ui,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
) {
  const { hostname, port, pathname } = new URL(ui.url);
  const { host = `${hostname}:${port}`, ...others } = headers;
  const sent = request({ hostname, port, method, path: path.replace('TOKEN/', pathname.slice(1)) });
  sent.setHeader('Host', host);
  for (const [name, value] of Object.entries(others)) sent.setHeader(name, value);
  if (body !== undefined) sent.setHeader('Content-Type', 'application/json');
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** A change as the page asks for it. */
export async function change(ui: Ui, path: string, asked: Asked) {
  const { origin } = new URL(ui.url);
  return ask(ui, path, { ...asked, headers: { Origin: origin, ...asked.headers } });
}
