import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MemorySessionStore } from '@sessions/memory';
import type { Browser, Page } from 'playwright-core';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { startUi, type Ui } from '../src/ui/server.ts';
import { findChromium, listed, openPage, search } from './browser.ts';

const ID = 'telegram:42';
const MINUTE = 60_000;

describeWith(findChromium(), { describe, test }, 'the page', (found) => {
  let browser: Browser;
  let store: MemorySessionStore;
  let ui: Ui;
  let page: Page;
  let errors: string[];
  let late = 0;
  const now = () => Date.now() + late;

  beforeAll(async () => {
    browser = await found.launch();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    late = 0;
    store = new MemorySessionStore(Infinity, { now });
    await store.write(ID, { name: 'Tim', lastActivity: now() - 5 * MINUTE, _state: { visits: 1 } });
    for (let n = 0; n < 20; n++) await store.write(`slack:${n}`, { n });
    ui = await startUi(store, { write: true, now, name: 'memory' });
    ({ page, errors } = await openPage(browser, ui.url));
  });
  afterEach(async () => {
    await page.context().close();
    await ui.close();
    expect(errors).toEqual([]);
  });

  const row = (text: string) => page.getByRole('option', { name: text });
  const heading = (name: string) => page.getByRole('heading', { name });
  const sheet = () => page.getByRole('region', { name: 'One session' });
  const button = (name: string) => page.getByRole('button', { name });
  const textarea = () => page.getByLabel('Session, as JSON');

  const retype = async (before: string, after: string) => {
    const text = await textarea().inputValue();
    expect(text).toContain(before);
    await textarea().fill(text.replace(before, after));
  };
  const open = async () => {
    await row(ID).click();
    await heading(ID).waitFor();
    await sheet().getByText('Reading…').waitFor({ state: 'hidden' }); // its name is there before
  };

  test('lists, searches and opens by keys alone', async () => {
    await listed(page, /^21 sessions/);
    await page.keyboard.press('/');
    await page.keyboard.type('telegram:');
    await listed(page, /^1 session/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await heading(ID).waitFor();
    await sheet().getByText('5 minutes ago', { exact: false }).first().waitFor();
    await sheet().getByText('visits').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.activeElement.id')).toBe('list');
    await page.keyboard.press('ArrowUp');
    expect(await page.locator('#list').getAttribute('aria-activedescendant')).toBe('row-0');
  });

  test('a reload and the way back keep what is open, and no id gets into the address', async () => {
    await open();
    expect(page.url()).toBe(ui.url);
    await page.reload();
    await heading(ID).waitFor();
    await page.goBack();
    await page.getByText('Choose a session').waitFor();
  });

  test('shows what changes, while it changes', async () => {
    await open();
    await store.update(ID, (session) => ({ ...session, _state: { visits: 2 } }));
    await sheet().getByText('1 → 2').waitFor();
    await sheet().locator('.changed', { hasText: 'visits2' }).waitFor();
  });

  test('edits, and keeps the lifetime', async () => {
    await store.write(ID, { name: 'Tim' }, { expiresIn: 30 });
    await open();
    await page.keyboard.press('e');
    await retype('"Tim"', '"Ana"');
    await page.keyboard.press('Control+s');
    await sheet().getByText('"Ana"', { exact: true }).waitFor();
    expect(await store.read(ID)).toEqual({ name: 'Ana' });
    const { expiresAt } = (await store.readVersion(ID)) ?? {};
    expect(Math.abs((expiresAt ?? 0) - now() - 30 * MINUTE)).toBeLessThan(MINUTE);
  });

  test('says what is wrong with the text, and keeps it', async () => {
    await open();
    await button('Edit').click();
    await textarea().fill('{ "name": "Ana", }');
    await button('Save').click();
    await page.getByRole('alert').getByText('This is no JSON').waitFor();
    expect(await textarea().inputValue()).toBe('{ "name": "Ana", }');
    await textarea().fill('[]');
    await button('Save').click();
    await page.getByRole('alert').getByText('Not saved').waitFor();
    await button('Discard').click();
    await button('Bring it back').click();
    expect(await textarea().inputValue()).toBe('[]');
    expect(await store.read(ID)).toMatchObject({ name: 'Tim' });
    errors.splice(0); // the browser tells of it
  });

  test('keeps a draft while another session is looked at', async () => {
    await open();
    await button('Edit').click();
    await retype('"Tim"', '"Ana"');
    await row('slack:3').click();
    await heading('slack:3').waitFor();
    await open();
    expect(await textarea().inputValue()).toContain('"Ana"');
  });

  test('a conflict shows both, and puts together what does not meet', async () => {
    await open();
    await button('Edit').click();
    await retype('"Tim"', '"Ana"');
    await store.update(ID, (session) => ({ ...session, _state: { visits: 2 } }));
    await button('Save').click();
    await heading('Somebody was faster').waitFor();
    const cells = await page.getByRole('cell').allTextContents();
    expect(cells).toEqual(['"Tim"', '"Ana"', '"Tim"', '1', '1', '2']);
    expect(await store.read(ID)).toMatchObject({ name: 'Tim' });
    await button('Put both together').click();
    await button('Save both').click();
    await sheet().getByText('"Ana"', { exact: true }).waitFor();
    expect(await store.read(ID)).toMatchObject({ name: 'Ana', _state: { visits: 2 } });
    errors.splice(0); // the browser tells of the conflict
  });

  test('a conflict over the same member is for the person to settle', async () => {
    await open();
    await button('Edit').click();
    await retype('"Tim"', '"Ana"');
    await store.update(ID, (session) => ({ ...session, name: 'Tom' }));
    await button('Save').click();
    await page.getByText('Both of you changed name').waitFor();
    expect(await textarea().inputValue()).toContain('"Ana"');
    await page.getByText('All that is stored').click();
    await page.locator('pre').getByText('"Tom"').waitFor();
    await store.update(ID, (session) => ({ ...session, name: 'Lea' })); // and again
    await button('Save this over').click();
    await page.getByRole('cell', { name: '"Lea"' }).waitFor();
    await button('Save this over').click();
    await sheet().getByText('"Ana"', { exact: true }).waitFor();
    expect(await store.read(ID)).toMatchObject({ name: 'Ana' });
    errors.splice(0);
  });

  test('what expires while it is edited can be saved as a new session', async () => {
    await store.write(ID, { name: 'Tim' }, { expiresIn: 1 });
    await open();
    await button('Edit').click();
    await retype('"Tim"', '"Ana"');
    late = 2 * MINUTE;
    await sheet().getByText('This session has expired').waitFor();
    await button('Save').click();
    await heading('The session is gone').waitFor();
    expect(await store.read(ID)).toBeNull();
    await page.getByLabel('Live for').selectOption('60');
    await button('Save this as a new session').click();
    await sheet().getByText('"Ana"', { exact: true }).waitFor();
    const { session, expiresAt } = (await store.readVersion(ID)) ?? {};
    expect(session).toEqual({ name: 'Ana' });
    expect(Math.abs((expiresAt ?? 0) - now() - 60 * MINUTE)).toBeLessThan(MINUTE);
    errors.splice(0);
  });

  test('an expired session stays on the screen as what it was, and in the list', async () => {
    await store.write(ID, { name: 'Tim' }, { expiresIn: 1 });
    await open();
    late = 2 * MINUTE;
    await sheet().getByText('This session has expired').waitFor();
    await sheet().getByText('"Tim"').waitFor();
    await row(ID).getByText('expired').waitFor();
    await store.write(ID, { name: 'back' });
    await sheet().getByText('"back"').waitFor();
    expect(await sheet().getByText('This session has expired').count()).toBe(0);
  });

  test('deletes what was shown, and asks before', async () => {
    await open();
    await button('Delete').click();
    await button('Cancel').click();
    expect(await store.read(ID)).not.toBeNull();
    await button('Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await sheet().getByText('You deleted this session').waitFor();
    expect(await store.read(ID)).toBeNull();
    await row(ID).getByText('gone').waitFor();
  });

  test('renews a lifetime, and changes nothing else', async () => {
    const before = await store.read(ID);
    await open();
    await page.getByLabel('Live for').selectOption('60');
    await button('Renew').click();
    await sheet().getByText('lifetime renewed').waitFor();
    const { session, expiresAt } = (await store.readVersion(ID)) ?? {};
    expect(session).toEqual(before);
    expect(Math.abs((expiresAt ?? 0) - now() - 60 * MINUTE)).toBeLessThan(MINUTE);
  });

  test('read only it has nothing to change with', async () => {
    const looking = await startUi(store, { now });
    await page.goto(looking.url);
    await open();
    await page.getByText('read only').waitFor();
    for (const name of ['Edit', 'Renew', 'Delete']) expect(await button(name).count()).toBe(0);
    await page.keyboard.press('e');
    expect(await textarea().count()).toBe(0);
    await looking.close();
  });

  test('what ids and sessions hold is text, whatever it looks like', async () => {
    const evil = '<img src=x onerror="document.title=\'evil\'">\u202e\u0000{a}';
    await store.write(evil, {
      [evil]: evil,
      _state: { [evil]: [evil] },
      lastActivity: '<b>now</b>',
    });
    await search(page, '<');
    await listed(page, /^1 session/);
    await page.getByRole('option').click();
    await sheet().getByText('onerror').first().waitFor();
    expect(await page.locator('h2').textContent()).toBe(
      '<img src=x onerror="document.title=\'evil\'">\\u{202e}\\u{0}{a}',
    );
    await button('Edit').click();
    await retype('"<b>now</b>"', '"<i>then</i>"');
    await store.update(evil, (session) => ({ ...session, more: evil }));
    await button('Save').click();
    await heading('Somebody was faster').waitFor();
    expect(await page.locator('img, b, i').count()).toBe(0);
    expect(await page.title()).toBe('memory · Sessions');
    errors.splice(0);
  });
});
