// Usage: node build/run.js [--pages]
//
// Makes the site: the pages from their sources, the reference from the doc comments, then all of it with
// VitePress into `dist`. With --pages only the former two.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vitepress';
import { writeForPrograms } from './llms.js';
import { pageOf } from './markdown.js';
import { writeReference } from './reference.js';
import { docs, generated, presentPages } from './root.js';

rmSync(generated, { recursive: true, force: true });
mkdirSync(generated, { recursive: true });
cpSync(join(docs, 'public'), join(generated, 'public'), { recursive: true });
for (const page of [...presentPages(), { address: 'index', source: 'docs/index.md' }]) {
  writeFileSync(join(generated, `${page.address}.md`), pageOf(page));
}
await writeReference();
if (!process.argv.includes('--pages')) {
  await build(docs);
  writeForPrograms();
}
