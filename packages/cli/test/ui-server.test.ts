import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DriverEntry, DriverStore } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { startUi, type Ui } from '../src/ui/server.ts';
import { ask, change } from './asking.ts';

const ID = 'telegram:42';
const store = new MemorySessionStore();
let writing: Ui;

beforeAll(async () => {
  await store.write(ID, { name: 'Tim' });
  writing = await startUi(store, { write: true });
});

afterAll(async () => {
  await Promise.all([writing.close(), store.close()]);
});

const SESSION = `/TOKEN/api/session?id=${encodeURIComponent(ID)}`;

describe('a session', () => {
  test('is written over the version that was shown, and keeps its end', async () => {
    await store.write(ID, { n: 1 }, { expiresIn: 60 });
    const before = await store.readVersion(ID);
    const session = { n: 2, ['__proto__']: 1 };
    const body = { session, ifMatch: before?.etag, expiresAt: before?.expiresAt };
    expect((await change(writing, SESSION, { method: 'PUT', body })).status).toBe(200);
    const after = await store.readVersion(ID);
    expect(JSON.stringify(after?.session)).toBe(JSON.stringify(session));
    expect(Math.abs((after?.expiresAt ?? 0) - (before?.expiresAt ?? 0))).toBeLessThan(1000);

    const again = await change(writing, SESSION, { method: 'PUT', body });
    expect(again.status).toBe(409);
    expect(JSON.parse(again.body).code).toBe('CONFLICT');
    expect((await store.readVersion(ID))?.etag).toBe(after?.etag);
  });

  test('is not written without saying over what', async () => {
    for (const body of [
      { session: { n: 3 } },
      { ifMatch: null },
      [],
      'x',
      { session: 1, ifMatch: null },
    ]) {
      const { status } = await change(writing, `${SESSION}-new`, { method: 'PUT', body });
      expect(status).toBe(400);
    }
    expect(await store.read(`${ID}-new`)).toBeNull();
  });

  test('is deleted as the version that was shown', async () => {
    await store.write(ID, { n: 1 });
    const { etag } = (await store.readVersion(ID)) ?? {};
    await store.write(ID, { n: 2 });
    const path = `${SESSION}&etag=${etag}`;
    expect((await change(writing, path, { method: 'DELETE' })).status).toBe(409);
    expect(await store.read(ID)).toEqual({ n: 2 });
  });

  test('of a store of only five methods is shown, and not changed', async () => {
    const five = {
      init: async () => five,
      read: (id: string) => store.read(id),
      write: () => Promise.reject(new Error('not to be called')),
      destroy: () => Promise.reject(new Error('not to be called')),
      all: async () => [],
    };
    await store.write(ID, { n: 2 });
    await using ui = await startUi(five as never, { write: true });
    expect(JSON.parse((await ask(ui, '/TOKEN/api/store')).body)).toMatchObject({
      write: false,
      versions: false,
    });
    expect(JSON.parse((await ask(ui, SESSION)).body).session).toEqual({ n: 2 });
    expect(JSON.parse((await ask(ui, '/TOKEN/api/sessions')).body).code).toBe('NO_LISTING');
    const put = await change(ui, SESSION, { method: 'PUT', body: { session: {}, ifMatch: null } });
    expect(put.status).toBe(403);
  });
});

describe('a listing', () => {
  const record = { session: '{}', expiresAt: null, etag: 'first', history: [] };

  /** A backend of no end, that counts. */
  class Endless {
    readonly capabilities = { compareAndSet: 'process', survives: 'nothing' } as const;
    given = 0;
    readonly ended: Promise<void>;
    #end = () => {};

    constructor() {
      this.ended = new Promise((resolve) => {
        this.#end = resolve;
      });
    }

    get = () => null;
    put = () => true;
    delete = () => true;
    async *entries(): AsyncGenerator<DriverEntry> {
      try {
        for (;;) {
          yield [`telegram:${this.given++}:${'x'.repeat(900)}`, record];
        }
      } finally {
        this.#end();
      }
    }
  }

  test('goes no further than what the page takes, and ends when the page has gone', async () => {
    const driver = new Endless();
    const endless = new DriverStore(driver);
    await using ui = await startUi(endless);
    const sent = request(`${ui.url}api/sessions`).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let before = -1;
    while (driver.given > before || before < 0) {
      before = driver.given;
      await ask(ui, '/TOKEN/api/store'); // the server goes on meanwhile
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(before).toBeLessThan(1_000_000);
    response.destroy();
    await driver.ended;
  });

  test('says that it failed, and does not say passwords', async () => {
    const driver = new Endless();
    driver.entries = () => {
      throw new Error('redis://user:geheim@host refused');
    };
    await using ui = await startUi(new DriverStore(driver), {
      hide: (shown) => shown.replaceAll('geheim', '***'),
    });
    const { body } = await ask(ui, '/TOKEN/api/sessions');
    const last = JSON.parse(body.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    expect(body).not.toContain('geheim');
  });
});
