import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the project lives, as the root package.json says: `https://…`, or `undefined`. */
export function home() {
  const { repository } = manifestIn('.');
  const url = repository?.url ?? repository;
  return url?.replace(/^git\+/, '').replace(/\.git$/, '');
}

/** The folder of a package, seen from the root. */
export function folderOf(name) {
  return `packages/${name.split('/').at(-1)}`;
}

/** The manifests of the packages that are published. */
export function manifests() {
  return readdirSync(`${root}packages`)
    .map((folder) => manifestIn(`packages/${folder}`))
    .filter((manifest) => !manifest.private);
}

function manifestIn(folder) {
  return JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8'));
}
