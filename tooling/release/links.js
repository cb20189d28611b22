import { posix } from 'node:path';

// Code first, which is left alone: blocks, and what stands in backquotes.
const parts = /^```.*?^```|`[^`\n]+`|\]\(([^)\s]+)\)/gms;

/** The Markdown of a folder with links that work anywhere: a registry's page has nothing beside it. */
export function absoluteLinks(markdown, folder, home) {
  return replaceLinks(markdown, (target) => {
    const [path, anchor] = target.split('#');
    const kind = kindOf(posix.extname(path));
    const link = `${home}/${kind}/HEAD/${posix.join(folder, path)}`;
    return anchor ? `${link}#${anchor}` : link;
  });
}

/** The Markdown with what `linkOf` answers in place of each link to another file. */
export function replaceLinks(markdown, linkOf) {
  return markdown.replace(parts, (whole, target) =>
    !target || isAbsolute(target) ? whole : `](${linkOf(target)})`,
  );
}

/** The links that would lead nowhere on a registry's page. */
export function relativeLinks(markdown) {
  return [...markdown.matchAll(parts)].flatMap(([, target]) =>
    target && !isAbsolute(target) ? [target] : [],
  );
}

function kindOf(extension) {
  if (['.png', '.svg'].includes(extension)) return 'raw'; // a picture, not the page about it
  return extension ? 'blob' : 'tree';
}

function isAbsolute(target) {
  return /^(#|[a-z]+:)/.test(target);
}
