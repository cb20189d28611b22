import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { slug } from 'github-slugger';
import { siteLinks } from './links.js';
import { releases } from './releases.js';
import { exists, read, root } from './root.js';

/** A page of the site, from its source: links, what is taken in from elsewhere, and what belongs at its end. */
export function pageOf({ source, title }) {
  const text = takeIn(siteLinks(read(source), source), source);
  const markdown = /^(# |---$)/m.test(text) ? text : `# ${title}\n\n${text}`;
  return `${frontmatter(markdown)}${markdown.trimEnd()}\n${ending(source)}`;
}

/** The first paragraph of prose, wherever it is, as plain text. */
export function descriptionOf(markdown) {
  const blocks = markdown.replace(/^```.*?^```$/gms, '').split(/\n{2,}/);
  const paragraph = blocks.find((block) => !/^\s*($|[#<!|>]|[-*] |-{3}|:{3}|\d+\. )/.test(block));
  return (paragraph ?? '')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/[`*]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/:$/, '.');
}

// `<!-- include ../x.md#section -->`, or a part of it between `<!-- name -->` and `<!-- /name -->`.
function takeIn(markdown, source) {
  return markdown
    .replace(/^<!-- include (\S+?)(?:#(\S+)| (\S+)) -->$/gm, (_, path, anchor, name) => {
      const file = posix.join(posix.dirname(source), path);
      const part = anchor ? sectionOf(file, anchor) : regionOf(file, name);
      // What leads to another place in its own file leads there from here, too.
      return siteLinks(part.trim().replaceAll('](#', `](${posix.basename(file)}#`), file);
    })
    .replace(/^<!-- releases -->$/m, releases);
}

function sectionOf(file, anchor) {
  const lines = read(file).split('\n');
  const isCode = codeLines(lines);
  const levelOf = (n) => (isCode[n] ? 0 : (/^(#+) /.exec(lines[n])?.[1].length ?? 0));
  const start = lines.findIndex(
    (line, n) => levelOf(n) && slug(line.replace(/^#+ /, '')) === anchor,
  );
  if (start < 0) throw new Error(`${file} has no section ${anchor}`);
  const after = lines.findIndex((_, n) => n > start && levelOf(n) && levelOf(n) <= levelOf(start));
  return lines.slice(start + 1, after < 0 ? undefined : after).join('\n');
}

function codeLines(lines) {
  let inside = false;
  return lines.map((line) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) inside = !inside;
    return inside || isFence;
  });
}

function regionOf(file, name) {
  const region = new RegExp(`<!-- ${name} -->(.*?)<!-- /${name} -->`, 's');
  return region.exec(read(file))?.[1] ?? '';
}

function frontmatter(markdown) {
  if (markdown.startsWith('---\n')) return '';
  return `---\ndescription: ${JSON.stringify(descriptionOf(markdown))}\n---\n\n`;
}

function ending(source) {
  const [, name] = /^packages\/([^/]+)\/README\.md$/.exec(source) ?? [];
  if (name && exists(`packages/${name}/src/index.ts`)) {
    return `\n## Reference\n\n[All classes, functions and types](/api/${name}) of \`@sessions/${name}\`.\n`;
  }
  const [, examples] = /^(examples\/\w+)\/README\.md$/.exec(source) ?? [];
  return examples ? `\n${programsIn(examples)}` : '';
}

function programsIn(folder) {
  const files = readdirSync(root + folder).filter((file) => file.endsWith('.js'));
  const parts = files.map((file) => `## ${file}\n\n\`\`\`js\n${read(`${folder}/${file}`)}\`\`\`\n`);
  return parts.join('\n');
}
