import { accessSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Missing } from '../../../tooling/servers/find-server.ts';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A Chromium that is installed on this machine. */
export function findChromium(): { launch(): Promise<Browser> } | Missing {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = folders.flatMap((folder) => PROGRAMS.map((program) => join(folder, program)));
  const executablePath = process.env.SESSIONS_CHROMIUM || paths.find(isThere);
  if (!executablePath) return { reason: 'no chromium on PATH' };
  // As root it has no sandbox. It shall ask for nothing but the page.
  const args = ['--no-sandbox', '--disable-background-networking'];
  return { launch: () => chromium.launch({ executablePath, args }) };
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

export interface Look {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
}

/** A page with what went wrong in it, and all that it asked for. */
export interface Seen {
  readonly page: Page;
  readonly errors: string[];
  readonly requests: string[];
}

export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<Seen> {
  const { colorScheme = 'light', width = 1280 } = look;
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
  await context.addInitScript(AXE);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  return { page, errors, requests };
}

/** Waits until the list has been read, and it says this below it. */
export async function listed(page: Page, text: RegExp): Promise<void> {
  const count = page.locator('#count');
  await count
    .filter({ hasText: /at \d\d:/ })
    .filter({ hasText: text })
    .waitFor();
}

export async function search(page: Page, prefix: string): Promise<void> {
  await page.getByLabel('Ids that begin with').fill(prefix);
}

/** What axe finds wrong in a part of the page, in words. */
export async function axe(page: Page, part = 'body'): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults>(`axe.run('${part}')`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => {
      return `${id}: ${html}: ${failureSummary}`;
    }),
  );
}
