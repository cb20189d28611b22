// Runs before a package is published (prepublishOnly), in its folder: by whatever way it came here, it
// goes no further without what `pnpm release` puts into it.
import { readFileSync } from 'node:fs';
import { relativeLinks } from './links.js';
import { home } from './project.js';

const problems = [];
if (!home()) problems.push('the root package.json names no repository');
const links = relativeLinks(readFileSync('README.md', 'utf8'));
if (links.length > 0)
  problems.push(`README.md has links that work in the repository only: ${links}`);
if (problems.length > 0) {
  console.error(`Not published: ${problems.join('; ')}. \`pnpm release\` is the way to publish.`);
  process.exit(1);
}
