import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { startUi, type Ui } from '../src/ui/server.ts';
import { axe, findChromium, listed, openPage, search } from './browser.ts';

const MANY = 100_000;
const MOST_SENT = 60_000; // bytes

describeWith(findChromium(), { describe, test }, 'the page', (found) => {
  const store = new MemorySessionStore();
  let browser: Browser;
  let ui: Ui;
  const large = new MemorySessionStore();

  beforeAll(async () => {
    browser = await found.launch();
    const now = Date.now();
    for (let n = 0; n < MANY; n++) {
      const session = { lastActivity: now - n * 1000, _state: { n, list: [1, 2, { a: null }] } };
      const id = `telegram:${String(n).padStart(5, '0')}`;
      await large.write(id, session);
      if (n < 100) await store.write(id, session);
    }
    const name = 'postgres://***@database.example/bots_of_all_teams'; // wider than a phone
    ui = await startUi(store, { write: true, name });
  });
  afterAll(async () => {
    await browser.close();
    await ui.close();
    await Promise.all([store.close(), large.close()]);
  });

  /** Changes the session while it is edited, and tries to save. */
  const collide = async (page: Page) => {
    const id = (await page.locator('[data-path=title]').textContent()) ?? '';
    await page.getByRole('button', { name: 'Edit' }).click();
    const text = page.getByLabel('Session, as JSON');
    await text.fill((await text.inputValue()).replace('null', '"mine"'));
    await store.update(id, (session) => ({ ...session, more: Math.random() }));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Somebody was faster' }).waitFor();
  };

  test.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('%s and %i pixels wide, axe finds nothing wrong', async (colorScheme, width) => {
    const { page, errors } = await openPage(browser, ui.url, { colorScheme, width });
    await listed(page, /^100 sessions/);
    if (width < 800) expect(await axe(page)).toEqual([]); // the list and the session take turns
    await page.getByRole('option').first().click();
    await page.getByText('list').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Delete' }).click();
    expect(await axe(page, '#question')).toEqual([]);
    await page.keyboard.press('Escape');
    expect(errors).toEqual([]);
    await collide(page);
    expect(await axe(page)).toEqual([]);
    const background = await page.evaluate(
      'getComputedStyle(document.documentElement).backgroundColor',
    );
    expect(background).toBe(colorScheme === 'dark' ? 'rgb(21, 22, 24)' : 'rgb(245, 245, 243)');
    const isTooWide = 'document.documentElement.scrollWidth > innerWidth';
    expect(await page.evaluate(isTooWide)).toBe(false);
    await page.context().close();
  });

  test('takes 100,000 sessions, with as many elements as fit', async () => {
    await using all = await startUi(large);
    const { page, errors } = await openPage(browser, all.url);
    await listed(page, /^100,000 sessions/);
    await page.locator('#list').focus();
    await page.keyboard.press('End');
    const last = page.getByRole('option', { name: 'telegram:99999' });
    await last.waitFor();
    expect(await last.getAttribute('aria-posinset')).toBe('100000');
    expect(await page.getByRole('option').count()).toBeLessThan(60);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'telegram:99999' }).waitFor();
    await page.getByRole('button', { name: 'Session', exact: true }).click();
    await search(page, 'telegram:4242');
    await listed(page, /^10 sessions/);
    const ids = await page.locator('#list .row:not([hidden]) .id').allTextContents();
    expect(ids).toEqual(Array.from({ length: 10 }, (_, n) => `telegram:4242${n}`));
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test(`sends at most ${MOST_SENT} bytes, all of it from this server`, async () => {
    const page = await (await browser.newContext()).newPage();
    const network: CDPSession = await page.context().newCDPSession(page);
    let sent = 0;
    const asked: string[] = [];
    const api = new Set<string>();
    network.on('Network.requestWillBeSent', ({ requestId, request }) => {
      asked.push(request.url);
      if (request.url.includes('/api/')) api.add(requestId);
    });
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (!api.has(requestId)) sent += encodedDataLength; // headers included
    });
    await network.send('Network.enable');
    await page.goto(ui.url, { waitUntil: 'load' });
    await listed(page, /^100 sessions/);
    expect(asked.filter((url) => !url.startsWith(ui.url))).toEqual([]);
    expect(asked.length).toBeGreaterThan(20);
    expect(sent).toBeGreaterThan(10_000);
    expect(sent).toBeLessThanOrEqual(MOST_SENT);
    console.info(`${sent} bytes sent`);
    await page.context().close();
  });
});
