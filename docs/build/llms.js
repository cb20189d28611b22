import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { descriptionOf } from './markdown.js';
import { packages } from './reference.js';
import { docs, generated, presentSections } from './root.js';

const SUMMARY = `# @sessions

> Session stores for chat bots, in Node: one contract, one package for each backend. An update is never lost, a failure is
> an error with a code, and every store passes the same tests.
`;

/** What programs read: each page as Markdown, llms.txt as their list, llms-full.txt as all in one. */
export function writeForPrograms() {
  const lists = [];
  const texts = [];
  for (const { text, pages } of presentSections()) {
    const lines = pages.map(({ address, title }) => {
      const markdown = pageText(address);
      texts.push(markdown);
      return `- [${title}](/${address}.md): ${descriptionOf(markdown)}`;
    });
    lists.push(`## ${text}\n\n${lines.join('\n')}\n`);
  }
  const reference = packages.map((name) => {
    pageText(`api/${name}`);
    return `- [@sessions/${name}](/api/${name}.md)`;
  });
  lists.push(`## Reference\n\n${reference.join('\n')}\n`);
  write('index.md', `${SUMMARY}\n${textOf('index')}`);
  write('llms.txt', [SUMMARY, ...lists].join('\n'));
  write('llms-full.txt', [SUMMARY, ...texts].join('\n---\n\n'));
}

function pageText(address) {
  const markdown = textOf(address);
  write(`${address}.md`, markdown);
  return markdown;
}

/** A page without its frontmatter. */
function textOf(address) {
  const page = readFileSync(join(generated, `${address}.md`), 'utf8');
  return page.replace(/^---\n.*?^---\n+/ms, '');
}

function write(name, text) {
  writeFileSync(join(docs, 'dist', name), text);
}
