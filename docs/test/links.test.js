import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { docs, presentPages } from '../build/root.js';

const dist = join(docs, 'dist');
const pages = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.html'));

/** The address of each page, and the anchors on it. */
const anchors = new Map(
  pages.map((name) => {
    const html = readFileSync(join(dist, name), 'utf8');
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => decode(id));
    return [addressOf(name), new Set(ids)];
  }),
);

test('every link leads to a page, an anchor or a file that is there', () => {
  const dead = [];
  for (const name of pages) {
    const html = readFileSync(join(dist, name), 'utf8');
    const targets = [...html.matchAll(/<(?:a|img)\b[^>]*? (?:href|src)="([^"]+)"/g)];
    for (const target of new Set(targets.map(([, target]) => decode(target)))) {
      if (!leadsSomewhere(target, addressOf(name))) dead.push(`${name}: ${target}`);
    }
  }
  assert.deepEqual(dead, []);
});

test('so does every link of llms.txt', () => {
  const targets = [...readFileSync(join(dist, 'llms.txt'), 'utf8').matchAll(/\]\(([^)]+)\)/g)];
  assert.ok(targets.length > 30);
  assert.deepEqual(
    targets.map(([, path]) => path).filter((path) => !existsSync(join(dist, path))),
    [],
  );
});

test('every page is there as Markdown, and llms.txt describes each in whole sentences', () => {
  const missing = ['index', ...presentPages().map(({ address }) => address)].filter(
    (address) => !existsSync(join(dist, `${address}.md`)),
  );
  assert.deepEqual(missing, []);
  const [described] = readFileSync(join(dist, 'llms.txt'), 'utf8').split('## Reference');
  const lines = described.split('\n').filter((line) => line.startsWith('- '));
  assert.equal(lines.length, presentPages().length);
  assert.deepEqual(
    lines.filter((line) => !/: [^:].*[.?]$/.test(line)),
    [],
  );
});

function leadsSomewhere(target, address) {
  if (/^(https?|mailto|data):/.test(target)) return true;
  const { pathname, hash } = new URL(target, `http://site${address}`);
  const page = anchors.get(decodeURIComponent(pathname));
  if (!page) return existsSync(join(dist, decodeURIComponent(pathname))) && !hash;
  return !hash || page.has(decodeURIComponent(hash.slice(1)));
}

function addressOf(name) {
  return `/${name.replaceAll('\\', '/').replace(/(^|\/)index\.html$|\.html$/, '$1')}`;
}

function decode(text) {
  return text.replace(
    /&(amp|quot|#39|lt|gt);/g,
    (_, name) => ({ amp: '&', quot: '"', '#39': "'", lt: '<', gt: '>' })[name],
  );
}
