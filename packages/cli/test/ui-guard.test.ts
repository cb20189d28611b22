import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import { startUi, type Ui } from '../src/ui/server.ts';
import { ask, change } from './asking.ts';

const ID = 'telegram:42';
const store = new MemorySessionStore();
let readOnly: Ui;
let writing: Ui;

beforeAll(async () => {
  await store.write(ID, { name: 'Tim' });
  readOnly = await startUi(store, { name: 'here' });
  writing = await startUi(store, { write: true });
});

afterAll(async () => {
  await Promise.all([readOnly.close(), writing.close(), store.close()]);
});

const SESSION = `/TOKEN/api/session?id=${encodeURIComponent(ID)}`;

describe('who is refused', () => {
  test.each([
    ['no token', '/api/sessions'],
    ['nothing at all', '/'],
    ['another token', `/${'A'.repeat(32)}/api/sessions`],
    ['a part of the token', '/TOKEN'],
    ['the token elsewhere', '/x/TOKEN/api/sessions'],
  ])('%s', async (_, path) => {
    const asked = path === '/TOKEN' ? `/${new URL(readOnly.url).pathname.slice(1, -2)}/` : path;
    const { status, body } = await ask(readOnly, asked);
    expect(status).toBe(403);
    expect(body).not.toContain('Tim');
    expect(body).not.toContain(new URL(readOnly.url).pathname.slice(1, -1));
  });

  test.each(['evil.example', 'evil.example:80', '127.0.0.1', 'localhost.evil.example', ''])(
    'whoever says Host: %s, as after DNS rebinding',
    async (host) => {
      expect((await ask(readOnly, SESSION, { headers: { host } })).status).toBe(403);
    },
  );

  test('pages of other sites, by Origin or Sec-Fetch-Site', async () => {
    const { port } = new URL(writing.url);
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${Number(port) + 1}`]) {
      const put = {
        method: 'PUT',
        body: { session: {}, ifMatch: null },
        headers: { Origin: origin },
      };
      expect((await ask(writing, SESSION, put)).status).toBe(403);
      expect((await ask(writing, SESSION, { headers: { Origin: origin } })).status).toBe(403);
    }
    for (const site of ['cross-site', 'same-site', 'none']) {
      const headers = { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors' };
      expect((await ask(writing, SESSION, { headers })).status).toBe(403);
    }
    const opening = { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' };
    expect((await ask(writing, '/TOKEN/', { headers: opening })).status).toBe(200);
    expect(await store.read(ID)).toEqual({ name: 'Tim' });
  });

  test('a change without Origin', async () => {
    const { status } = await ask(writing, SESSION, { method: 'DELETE' });
    expect(status).toBe(403);
    expect(await store.read(ID)).toEqual({ name: 'Tim' });
  });

  test('changes without --write, on the server', async () => {
    const { etag = '' } = (await store.readVersion(ID)) ?? {};
    const session = { session: {}, ifMatch: etag };
    for (const [method, path, body] of [
      ['PUT', SESSION, session],
      ['DELETE', `${SESSION}&etag=${etag}`, undefined],
      ['DELETE', SESSION, undefined],
      ['POST', SESSION.replace('session', 'touch'), { minutes: 1 }],
    ] as const) {
      const answer = await change(readOnly, path, { method, body });
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body).code).toBe('READ_ONLY');
    }
    expect((await store.readVersion(ID))?.etag).toBe(etag);
  });

  test('paths that lead elsewhere', async () => {
    for (const path of [
      '../package.json',
      '..%2fpackage.json',
      '%2e%2e/package.json',
      'tsconfig.json',
    ]) {
      const { status, body } = await ask(readOnly, `/TOKEN/${path}`);
      expect([403, 404]).toContain(status);
      expect(body).not.toContain('@sessions/cli');
    }
  });

  test('whoever does not come from this machine', () => {
    const { port, hostname } = new URL(readOnly.url);
    expect(hostname).toBe('127.0.0.1');
    const socket = connect({ port: Number(port), host: '::1' });
    return expect(once(socket, 'connect')).rejects.toThrow();
  });
});

test('every answer forbids to keep, embed, sniff, and to load from elsewhere', async () => {
  for (const path of [
    '/TOKEN/',
    '/TOKEN/app.js',
    '/TOKEN/page.css',
    SESSION,
    '/TOKEN/api/sessions',
    '/no',
  ]) {
    const { headers } = await ask(readOnly, path);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';/);
    expect(headers['content-security-policy']).not.toMatch(/unsafe|http|\*/);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  }
});
