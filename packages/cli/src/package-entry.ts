import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';

/** The main file of a package, or the file itself, as a module in the folder would import it; else `undefined`. */
export function packageEntry(name: string, folder: string): string | undefined {
  const require = createRequire(join(folder, 'noop.js'));
  try {
    const file = require.resolve(name);
    return isAbsolute(file) ? file : undefined; // otherwise a module of Node itself
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') return undefined;
    if (code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
  }
  // It is for `import` alone, and Node resolves that for a module's own place only.
  const home = require.resolve
    .paths(name)
    ?.map((path) => join(path, name))
    .find((path) => existsSync(join(path, 'package.json')));
  if (home === undefined) return undefined;
  const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const entry = targetOf(exports?.['.'] ?? exports);
  return entry && join(home, entry);
}

/** What `exports` say for `import`, by the conditions in their order. */
function targetOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  for (const [condition, value] of Object.entries(exports)) {
    if (!['node', 'import', 'default'].includes(condition)) continue;
    const target = targetOf(value);
    if (target !== undefined) return target;
  }
  return undefined;
}
