import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What goes with every answer: nothing is kept, embedded, sniffed or fetched from elsewhere. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** A new secret for the address of the page: 192 bits, fit for a URL. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * What a request is after, once it has shown that it comes from the page itself or from whoever was
 * given its address; otherwise `refused` says why not, without saying more.
 */
export function admit(
  request: IncomingMessage,
  token: string,
): { refused: string } | { path: string; query: URLSearchParams } {
  const { host = '', origin } = request.headers;
  // A name that leads here by DNS is not ours, so another site's page cannot read the answers.
  const names = ['127.0.0.1', 'localhost'].map((name) => `${name}:${request.socket.localPort}`);
  if (!names.includes(host)) return { refused: `Host must be ${names[0]}` };

  const [address = '', query = ''] = (request.url ?? '').split('?', 2);
  const [, secret = '', ...rest] = address.split('/');
  if (!isSame(secret, token)) {
    return { refused: 'Open the address that `sessions ui` printed; an earlier one is not valid' };
  }
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  if (origin !== undefined ? origin !== `http://${host}` : !isSafe) {
    return { refused: 'Origin must be this page' };
  }
  const { 'sec-fetch-site': site = 'same-origin', 'sec-fetch-mode': mode } = request.headers;
  // The address bar, or a link in a terminal that is itself a page, may open the page, not its data.
  const isOpening = rest.join('/') === '' && mode === 'navigate';
  if (site !== 'same-origin' && !isOpening) return { refused: 'Only this page may ask for that' };
  return { path: rest.join('/'), query: new URLSearchParams(query) };
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
