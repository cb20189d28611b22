import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const template = join(root, 'template');

// Under their own names npm would leave out the one, and tools take the other for a package.
const NAMES: Readonly<Record<string, string>> = {
  gitignore: '.gitignore',
  'manifest.json': 'package.json',
};

export interface CreateOptions {
  /** The folder in which it is made; the current folder by default. */
  readonly parent?: string | undefined;
  /** Whether its tests run under Vitest; by default they run under node:test. */
  readonly vitest?: boolean | undefined;
}

/**
 * Makes the folder `name` with a driver that passes its tests, and returns its path. Throws a
 * `RangeError` for a name that cannot be one, and an `Error` when something is there already.
 */
export function createDriver(name: string, options: CreateOptions = {}): string {
  const { parent = process.cwd(), vitest = false } = options;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new RangeError(
      `the name ${JSON.stringify(name)} must be lower-case letters, digits and single dashes, and begin with a letter, as my-backend does`,
    );
  }
  const folder = join(parent, name);
  if (!isFree(folder)) throw new Error(`${name} is there already; nothing was written`);

  for (const file of filesOf(template)) {
    const target = join(folder, NAMES[file] ?? file);
    mkdirSync(dirname(target), { recursive: true });
    const text = named(readFileSync(join(template, file), 'utf8'), name);
    writeFileSync(target, adapted(text, file, vitest), { flag: 'wx' });
  }
  return folder;
}

/** Whether there is no such folder, or an empty one. */
function isFree(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** The backend of the template is called my-backend, and MyBackend in the names of classes. */
function named(text: string, name: string): string {
  const backend = name.replace(/^sessions-/, '');
  const words = backend.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return text.replaceAll('my-backend', backend).replaceAll('MyBackend', words.join(''));
}

function adapted(text: string, file: string, vitest: boolean): string {
  if (file === 'manifest.json') return manifest(text, vitest);
  return vitest ? text.replace("from 'node:test'", "from 'vitest'") : text;
}

function manifest(text: string, vitest: boolean): string {
  const { scripts, dependencies, devDependencies, ...rest } = JSON.parse(text);
  if (vitest) scripts.test = 'tsc && vitest run --testTimeout=20000';
  else delete devDependencies.vitest;

  // The versions that this template was written for. As optional peers they are not installed here,
  // a release fills them in, and one that leaves them behind makes a release of this package.
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const group of [dependencies, devDependencies]) {
    for (const name of Object.keys(group)) group[name] = peerDependencies[name] ?? group[name];
  }
  return `${JSON.stringify({ ...rest, scripts, dependencies, devDependencies }, null, 2)}\n`;
}
