import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, root, run } from './run.js';

const temporary = mkdtempSync(join(tmpdir(), 'sessions-smoke-'));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));

/** The manifest of each package that is published, and its `folder` and `tarball`. */
export const packages = readdirSync(join(root, 'packages'))
  .map((folder) => join(root, 'packages', folder))
  .filter((folder) => existsSync(join(folder, 'package.json')))
  .map((folder) => ({ folder, ...readJson(folder, 'package.json') }))
  .filter((each) => !each.private)
  // As pnpm names it.
  .map((each) => ({
    ...each,
    tarball: join(temporary, `${each.name.slice(1).replace('/', '-')}.tgz`),
  }));

/** Packs them all, built as they are. */
export function packAll() {
  const out = join(temporary, '%s.tgz');
  const env = { SESSIONS_BUILT: '1' }; // see tooling/release/prepack.js
  run('pnpm', ['--recursive', '--filter=./packages/*', 'pack', '--out', out], root, { env });
}

export function emptyFolder(name) {
  const folder = join(temporary, name);
  mkdirSync(folder);
  return folder;
}

/**
 * An empty project with some of the packages installed, and no other tarball than ours; `tools` are
 * packages that the tooling has too, in the same version.
 */
export function project(name, names, { manager = 'npm', tools = [] } = {}) {
  const folder = emptyFolder(name);
  const spec = (each) => [each.name, `file:${each.tarball}`];
  const wanted = packages.filter((each) => names.includes(each.name));
  const others = packages.filter((each) => !names.includes(each.name));
  const version = (tool) => readJson(root, `tooling/node_modules/${tool}/package.json`).version;
  const overrides = Object.fromEntries(others.map(spec));
  const manifest = {
    private: true,
    dependencies: Object.fromEntries(wanted.map(spec)),
    devDependencies: Object.fromEntries(tools.map((tool) => [tool, version(tool)])),
    ...(manager === 'npm' && { overrides }),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  if (manager === 'npm') {
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], folder);
  } else {
    writeFileSync(join(folder, 'pnpm-workspace.yaml'), JSON.stringify({ overrides }));
    run('pnpm', ['install', '--ignore-scripts', '--no-frozen-lockfile'], folder);
  }
  return folder;
}
