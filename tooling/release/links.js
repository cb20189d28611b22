import { posix } from 'node:path';

// Code first, which is left alone: blocks, and what stands in backquotes.
const parts = /^```.*?^```|`[^`\n]+`|\]\(([^)\s]+)\)/gms;

/** The Markdown of a folder with links that work anywhere: a registry's page has nothing beside it. */
export function absoluteLinks(markdown, folder, home) {
  return markdown.replace(parts, (whole, target) => {
    if (!target || isAbsolute(target)) return whole;
    const [path, anchor] = target.split('#');
    const kind = posix.extname(path) ? 'blob' : 'tree';
    const link = `${home}/${kind}/HEAD/${posix.join(folder, path)}`;
    return `](${anchor ? `${link}#${anchor}` : link})`;
  });
}

/** The links that would lead nowhere on a registry's page. */
export function relativeLinks(markdown) {
  return [...markdown.matchAll(parts)].flatMap(([, target]) =>
    target && !isAbsolute(target) ? [target] : [],
  );
}

function isAbsolute(target) {
  return /^(#|[a-z]+:)/.test(target);
}
