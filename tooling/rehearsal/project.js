import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from './command.js';

/** An empty project with these packages from the registry, and what came with them. */
export async function install(folder, scope, registry, dependencies) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '.npmrc'), `${scope}:registry=${registry}\n`);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
  const { packages } = JSON.parse(
    readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'),
  );
  return Object.entries(packages).map(([path, { version }]) => ({
    name: path.split('node_modules/').at(-1),
    version,
    bytes: bytesOf(join(folder, path)),
    path: join(folder, path),
  }));
}

/** Makes a driver by `npm create`, and runs its tests. */
export async function createDriver(folder, scope, registry) {
  writeFileSync(join(folder, '.npmrc'), `${scope}:registry=${registry}\n`);
  await run('npm', ['create', '--yes', `${scope}/driver`, 'my-backend'], { cwd: folder });
  const driver = join(folder, 'my-backend');
  copyFileSync(join(folder, '.npmrc'), join(driver, '.npmrc'));
  await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: driver });
  await run('npm', ['test'], { cwd: driver });
}

/** Of its own files, without those of packages within it. */
function bytesOf(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? bytesOf(path) : statSync(path).size;
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}
