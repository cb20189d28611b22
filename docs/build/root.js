import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sections } from '../pages.js';

export const docs = fileURLToPath(new URL('..', import.meta.url));
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where VitePress finds the pages. */
export const generated = join(docs, 'generated');

export function read(source) {
  return readFileSync(join(root, source), 'utf8');
}

export function exists(source) {
  return existsSync(join(root, source));
}

/** Text that Markdown shows as it is. */
export function asText(text) {
  return text.replaceAll('<', '&lt;');
}

/** The sections of the sidebar, without pages whose source is not there. */
export function presentSections() {
  return sections
    .map(({ text, pages }) => ({
      text,
      pages: pages
        .filter(([, , source]) => exists(source))
        .map(([address, title, source]) => ({ address, title, source })),
    }))
    .filter(({ pages }) => pages.length > 0);
}

export function presentPages() {
  return presentSections().flatMap(({ pages }) => pages);
}
