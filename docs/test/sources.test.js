import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { presentPages, read, root } from '../build/root.js';

test('every README of a package, and every page of docs, has its place in pages.js', () => {
  const sources = [
    ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`),
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md') && name !== 'index.md')
      .map((name) => `docs/${name}`),
  ];
  const present = new Set(presentPages().map(({ source }) => source));
  assert.deepEqual(
    sources.filter((source) => !present.has(source)),
    [],
  );
});

test('every README of a package has its sections in one order, and its tables within two screens', () => {
  const order = ['Install', 'Use', 'Options', 'Expiry', 'Errors', 'Guarantees', 'Limits'];
  for (const name of readdirSync(join(root, 'packages'))) {
    const readme = read(`packages/${name}/README.md`);
    const prose = readme.replace(/^```text\n[\s\S]*?^```\n|^\|.*\n/gm, '');
    const sections = prose.replace(/^```.*?^```$/gms, '').match(/^## .*/gm);
    const known = order.filter((section) => sections.includes(`## ${section}`));
    assert.deepEqual(
      sections.slice(0, known.length).map((section) => section.slice(3)),
      known,
      name,
    );
    assert.ok(known.includes('Guarantees'), name);
    const [before] = prose.split('\n## Guarantees\n');
    assert.ok(before.split('\n').length <= 100, `${name}: too long before the guarantees`);
  }
});

test('every error code has a section that says what to do', () => {
  const [, list] = /type SessionErrorCode =([^;]+);/.exec(read('packages/core/src/errors.ts'));
  const codes = [...list.matchAll(/'(\w+)'/g)].map(([, code]) => code);
  const sections = read('docs/errors.md').split(/^## /m).slice(1);
  const told = sections
    .filter((text) => text.includes('**What happened.**') && text.includes('**What to do.**'))
    .map((text) => text.split('\n')[0]);
  assert.deepEqual(told.sort(), codes.sort());
});

test('the page of guarantees says of each store what its code declares', async () => {
  const rows = read('docs/guarantees.md')
    .split('\n')
    .map((line) => line.replaceAll('`', '').split(/ *\| */));
  const [head] = rows.filter((cells) => cells.includes('sqlite'));
  const told = (what, name) => rows.find((cells) => cells[1] === what)[head.indexOf(name)];
  const { FileSessionStore } = await import('@sessions/file');
  const { MemorySessionStore } = await import('@sessions/memory');
  const { MongoSessionStore } = await import('@sessions/mongo');
  const { PostgresSessionStore } = await import('@sessions/postgres');
  const { RedisSessionStore } = await import('@sessions/redis');
  const stores = {
    memory: new MemorySessionStore(),
    file: new FileSessionStore(),
    mongo: new MongoSessionStore(),
    postgres: new PostgresSessionStore(),
    redis: new RedisSessionStore(),
  };
  for (const [name, store] of Object.entries(stores)) {
    const { compareAndSet, survives } = store.capabilities;
    assert.deepEqual(
      [told('compareAndSet', name), told('survives', name)],
      [compareAndSet, survives],
      name,
    );
    await store.close();
  }
});
