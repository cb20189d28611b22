import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { replaceLinks } from '../../tooling/release/links.js';
import { moved } from '../pages.js';
import { exists, generated, presentPages, read, root } from './root.js';
import { speedPicture } from './speed.js';

const addresses = new Map(presentPages().map(({ source, address }) => [source, `/${address}`]));

/** The Markdown of `source` with links that lead to pages of the site. */
export function siteLinks(markdown, source) {
  return replaceLinks(markdown, (target) => siteLink(target, source));
}

function siteLink(target, source) {
  const [path, anchor = ''] = target.split('#');
  let file = posix.join(posix.dirname(source), path).replace(/\/$/, '');
  // A folder is shown by its README, as `folder#readme` on the pages of a forge.
  const readme = posix.join(file, 'README.md');
  const isFolder = exists(readme);
  if (isFolder) file = readme;
  const hash = anchor && !(isFolder && anchor === 'readme') ? `#${anchor}` : '';
  if (moved[file]) return moved[`${file}${hash}`] ?? moved[file];
  if (addresses.has(file)) return `${addresses.get(file)}${hash}`;
  if (!exists(file)) throw new Error(`${source}: ${target} leads nowhere`);
  // The programs of a folder of examples are shown below its README.
  const [, folder] = /^(examples\/\w+)\/[^/]+\.js$/.exec(file) ?? [];
  const shown = addresses.get(`${folder}/README.md`);
  if (shown) return `${shown}#${posix.basename(file).replaceAll('.', '')}`;
  return file.endsWith('.svg') ? picture(file) : plainFile(file);
}

/** Pictures go through VitePress, which names them by their content. */
function picture(file) {
  const name = posix.join('pictures', posix.basename(file));
  if (file === 'tooling/peers/results.svg') write(name, speedPicture());
  else write(name, read(file));
  return `/${name}`;
}

/** What is no page is served as it is. */
function plainFile(file) {
  const name = posix.extname(file) ? file : `${file}.txt`;
  write(join('public', 'source', name), readFileSync(join(root, file)));
  return `/source/${name}`;
}

function write(name, content) {
  const target = join(generated, name);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}
