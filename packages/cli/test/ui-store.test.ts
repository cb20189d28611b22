import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';
import type { Browser, Page } from 'playwright-core';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { startUi, type Ui } from '../src/ui/server.ts';
import { findChromium, listed, openPage, search } from './browser.ts';

const redis = await findRedis();
const sheet = (page: Page) => page.getByRole('region', { name: 'One session' });

/** Keeps all that the element says from now on. */
async function textsOf(page: Page, id: string): Promise<() => Promise<string[]>> {
  await page.evaluate(`{
    const element = document.getElementById('${id}');
    const keep = () => texts.push(element.textContent);
    globalThis.texts = [];
    new MutationObserver(keep).observe(element, { childList: true, characterData: true, subtree: true });
  }`);
  return () => page.evaluate<string[]>('texts');
}

describeWith(findChromium(), { describe, test }, 'the page, when the store', (found) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await found.launch();
  });
  afterAll(async () => {
    await browser.close();
    if (!('reason' in redis)) await redis.stop();
  });

  describeWith(redis, { describe, test }, 'is on Redis', (server) => {
    test('goes down, it says so, keeps what was typed, and goes on once it is back', async () => {
      const proxy = await TcpProxy.to(server.url);
      const url = `redis://127.0.0.1:${proxy.port}`;
      const store = new RedisSessionStore(url, { prefix: server.namespace(), timeout: 1000 });
      await store.write('telegram:42', { name: 'Tim' });
      await using ui = await startUi(store, { write: true, name: 'redis' });
      const { page } = await openPage(browser, ui.url);
      await page.getByRole('option').click();
      await page.getByRole('button', { name: 'Edit' }).click();
      const text = page.getByLabel('Session, as JSON');
      await text.fill('{ "name": "Ana" }');

      await proxy.set('down');
      await sheet(page).getByText('The store failed').waitFor();
      await page.getByText(/the store does not answer since/).waitFor();
      await sheet(page)
        .getByText(/Shown is what was read at/)
        .waitFor();
      await page.getByRole('button', { name: 'Save' }).click();
      await page
        .getByRole('alert')
        .getByText(/Your text is still here/)
        .waitFor();
      const counts = await textsOf(page, 'count');
      await page.getByRole('button', { name: 'Refresh' }).click();
      await page.locator('#count').getByText('not read').waitFor();
      expect(new Set((await counts()).map((text) => text.split(' · ')[0]))).toEqual(
        new Set(['1 session']), // as many as are shown, also while it is read
      );
      expect(await page.locator('#list').getByRole('option').count()).toBe(1);

      await proxy.set('open');
      await page.getByText('the store answers', { exact: true }).waitFor();
      expect(await text.inputValue()).toBe('{ "name": "Ana" }');
      await page.getByRole('button', { name: 'Save' }).click();
      await sheet(page).getByText('"Ana"', { exact: true }).waitFor();
      expect(await store.read('telegram:42')).toEqual({ name: 'Ana' });
      expect(await sheet(page).getByText('The store failed').count()).toBe(0);
      await store.clear();
      await store.close();
      await page.context().close();
      await proxy.stop();
    });
  });

  test('is no longer served, it says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sessions-ui-'));
    const store = new FileSessionStore(folder);
    await store.write('telegram:42', { name: 'Tim' });
    const ui = await startUi(store);
    const { page } = await openPage(browser, ui.url);
    await page.getByRole('option').click();
    await page.getByText('"Tim"').waitFor();
    await ui.close();
    await sheet(page).getByText('The command `sessions ui` does not answer').waitFor();
    await page.getByText('"Tim"').waitFor();
    await page.context().close();
    await store.close();
    await rm(folder, { recursive: true });
  });

  test('holds what cannot be read: it is listed by the hash of its id', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sessions-ui-'));
    let ui: Ui | undefined;
    const store = new FileSessionStore(folder, {
      onWarning: (warning) => ui?.unreadable((warning as { idHash?: string }).idHash),
    });
    await store.write('broken', { n: 1 });
    const hash = hashId('broken');
    const files = await readdir(folder, { recursive: true });
    writeFileSync(
      join(folder, files.find((file) => file.endsWith(`${hash}.json`)) ?? ''),
      'no JSON',
    );
    await store.write('whole', { n: 2 });
    ui = await startUi(store, { write: true });
    const { page, errors } = await openPage(browser, ui.url);
    await listed(page, /^1 session · 1 unreadable/);
    await page.getByRole('option').filter({ hasText: hash }).click();
    await sheet(page).getByText('nor can its id').waitFor();

    // Whoever knows the id may look at it, and remove it.
    await search(page, 'broken');
    await page.keyboard.press('Enter');
    await sheet(page).getByText('This record cannot be read').waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await sheet(page).getByText('There is no such session').waitFor();
    expect(await store.read('broken')).toBeNull();
    expect(errors).toEqual([]);
    await page.context().close();
    await ui.close();
    await store.close();
    await rm(folder, { recursive: true });
  });
});
