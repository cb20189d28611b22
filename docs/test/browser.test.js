import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { docs, presentPages } from '../build/root.js';
import { serve } from './serve.js';

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };
const FIRST_LOAD = 200_000; // bytes

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const addresses = [
  '/',
  ...presentPages().map(({ address }) => `/${address}`),
  ...['/api/', '/api/core', '/api/lease', '/404'],
];
// axe takes long for a long page: of pages that are made alike it looks at some.
const written = readdirSync(docs).filter((name) => name.endsWith('.md'));
const looked = new Set([
  ...written.map((name) => `/${name.replace(/(index)?\.md$/, '')}`),
  ...['/redis', '/grammy', '/lease', '/bots', '/write-a-driver', '/api/', '/api/lease', '/404'],
]);

describe('the site in a browser', { timeout: 300_000 }, () => {
  let browser;
  let site;
  let stop;

  before(async () => {
    ({ url: site, stop } = await serve());
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-background-networking'],
    });
  });
  after(async () => {
    await browser?.close();
    stop();
  });

  /** What is wrong with a page that is shown like this. */
  async function problemsOf(page, address, heard) {
    heard.length = 0;
    await page.goto(site + address);
    await page.waitForFunction(() => Boolean(document.querySelector('#app')?.__vue_app__));
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (isWide) heard.push('wider than the screen');
    const broken = await page.evaluate(() =>
      [...document.images].filter((image) => !image.naturalWidth).map(({ src }) => src),
    );
    heard.push(...broken.map((src) => `a broken picture: ${src}`));
    if (looked.has(address)) {
      await page.evaluate(`${axe}; 0`);
      const found = await page.evaluate(async () => {
        const { violations } = await globalThis.axe.run({ resultTypes: ['violations'] });
        return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
      });
      heard.push(...found);
    }
    return heard.map((what) => `${address}: ${what}`);
  }

  for (const [name, viewport, colorScheme] of [
    ['wide and light', WIDE, 'light'],
    ['on a phone, and dark', PHONE, 'dark'],
  ]) {
    test(`${name}: no error in the console, and axe finds nothing`, async () => {
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
      const waiting = [...addresses];
      const problems = [];
      const work = async () => {
        const page = await context.newPage();
        const heard = [];
        page.on('console', (message) => {
          if (['error', 'warning'].includes(message.type())) heard.push(message.text());
        });
        page.on('pageerror', (error) => heard.push(String(error)));
        for (let next = waiting.pop(); next; next = waiting.pop()) {
          problems.push(...(await problemsOf(page, next, heard)));
        }
      };
      await Promise.all([work(), work()]);
      await context.close();
      assert.deepEqual(problems, []);
    });
  }

  test('a page is there after at most 200 kB', async (t) => {
    for (const address of ['/', '/start', '/guarantees', '/api/core']) {
      const context = await browser.newContext({ viewport: WIDE });
      const page = await context.newPage();
      const network = await context.newCDPSession(page);
      await network.send('Network.enable');
      let bytes = 0;
      network.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
      });
      await page.goto(site + address, { waitUntil: 'networkidle' });
      await context.close();
      t.diagnostic(`${address}: ${bytes} bytes`);
      assert.ok(bytes > 10_000 && bytes <= FIRST_LOAD, `${address}: ${bytes} bytes`);
    }
  });

  test('the search finds what people look for', async () => {
    const page = await browser.newPage({ viewport: WIDE });
    await page.goto(site);
    for (const [words, address] of [
      ['CORRUPT', '/errors#corrupt'],
      ['withLease', '/lease'],
      ['PgBouncer', '/postgres#pgbouncer'],
      ['expiresIn', '/expiry'],
    ]) {
      await page.keyboard.press('Control+k');
      await page.fill('#localsearch-input', words);
      await page.waitForSelector(`#localsearch-list a[href^="${address}"]`, { timeout: 10_000 });
      await page.keyboard.press('Escape');
    }
    await page.close();
  });

  test('a picture follows the switch between light and dark', async () => {
    const page = await browser.newPage({
      viewport: WIDE,
      colorScheme: 'light',
      reducedMotion: 'reduce', // no colours that fade
    });
    await page.goto(`${site}/two-writers`);
    const picture = page.locator('.vp-doc img').first();
    await picture.evaluate((image) => image.decode());
    const { x, y } = await picture.boundingBox();
    // Within the picture: the page around it changes anyway.
    const clip = { x: x + 20, y: y + 20, width: 100, height: 100 };
    const light = await page.screenshot({ clip });
    await page.locator('.VPNavBar .VPSwitchAppearance').click();
    await page.waitForFunction(() => document.documentElement.classList.contains('dark'));
    assert.notDeepEqual(await page.screenshot({ clip }), light);
    await page.close();
  });
});
