import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

// All that a stranger does, from packed packages and without this workspace.

const packages = join(import.meta.dirname, '../..');
const tarball = (name: string) => join(temporary, `${name}.tgz`);

let temporary: string;
let bin: string;

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'sessions-stranger-'));
  for (const name of ['core', 'conformance', 'create-driver']) {
    run('pnpm', ['pack', '--out', tarball(name)], join(packages, name));
  }
  npm(['install', tarball('create-driver')], temporary);
  bin = join(temporary, 'node_modules/.bin/create-driver');
}, 120_000);

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

function attempt(command: string, args: string[], cwd: string) {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const env = { ...inherited, SESSIONS_BUILT: '1' }; // by whatever runs this: see prepack.js
  const shell = process.platform === 'win32' && command !== process.execPath; // .cmd files
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    shell,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function run(command: string, args: string[], cwd: string): string {
  const result = attempt(command, args, cwd);
  expect(result).toMatchObject({ status: 0 });
  return result.stdout;
}

function npm(args: string[], cwd: string): string {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  return run('npm', [...args, ...quiet], cwd);
}

/** Makes a driver, and installs what it asks for, the packages of ours from their tarballs. */
function made(name: string, ...options: string[]): string {
  run(bin, [name, ...options], temporary);
  const folder = join(temporary, name);
  npm(['pkg', 'set', `dependencies.@sessions/core=file:${tarball('core')}`], folder);
  npm(
    ['pkg', 'set', `devDependencies.@sessions/conformance=file:${tarball('conformance')}`],
    folder,
  );
  npm(['install'], folder);
  return folder;
}

test('npm create brings nothing but itself', () => {
  const lock = readFileSync(join(temporary, 'node_modules/.package-lock.json'), 'utf8');
  expect(Object.keys(JSON.parse(lock).packages)).toEqual(['node_modules/@sessions/create-driver']);
});

test('a new driver asks for the versions that are published with it', () => {
  run(bin, ['versions'], temporary);
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(temporary, 'versions/package.json'), 'utf8'),
  );
  const range = (name: string) => {
    const manifest = readFileSync(join(packages, name, 'package.json'), 'utf8');
    return `^${JSON.parse(manifest).version}`;
  };
  expect(dependencies).toEqual({ '@sessions/core': range('core') });
  expect(devDependencies['@sessions/conformance']).toBe(range('conformance'));
});

test('packing loses nothing of the template', () => {
  const files = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const packed = files(join(temporary, 'node_modules/@sessions/create-driver/template'));
  expect(packed).toEqual(files(join(packages, 'create-driver/template')));
});

test('its first tests are green, under node:test, and its README is right', () => {
  const folder = made('my-backend');
  const report = npm(['test'], folder);
  expect(Number(/^\S+ pass (\d+)$/m.exec(report)?.[1])).toBeGreaterThan(100);
  expect(report).toMatch(/^\S+ fail 0$/m);

  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const [, program = '', output] = /^```js\n(.+?)^```\n\n```text\n(.+?)^```/ms.exec(readme) ?? [];
  const printed = run(process.execPath, ['--input-type=module', '--eval', program], folder);
  expect(printed).toBe(output);
}, 180_000);

test('a driver that loses updates makes its tests red', () => {
  const folder = join(temporary, 'my-backend');
  const driver = join(folder, 'src/driver.ts');
  const good = readFileSync(driver, 'utf8');
  writeFileSync(driver, good.replace("return next !== 'conflict'", 'return true'));
  const { status, stdout } = attempt('npm', ['test'], folder);
  writeFileSync(driver, good);
  expect(status).not.toBe(0);
  expect(stdout).toMatch(/^\S+ fail [1-9]/m);
}, 120_000);

test('what is packed of it is what it needs', () => {
  const folder = join(temporary, 'my-backend');
  const [{ files }] = JSON.parse(npm(['pack', '--json', '--dry-run', '--silent'], folder));
  const paths = files.map(({ path }: { path: string }) => path);
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'dist/index.d.ts', 'src/driver.ts']));
  expect(paths.filter((path: string) => /test|github|tsconfig/.test(path))).toEqual([]);
});

test('under Vitest too', () => {
  const report = npm(['test'], made('vitest-backend', '--vitest'));
  expect(report).toMatch(/Tests +.*\d+ passed/);
  expect(report).not.toMatch(/failed/);
}, 180_000);

test.each(['store', 'driver', 'session', 'capabilities'])('%s compiles as a name', (name) => {
  run(bin, [name], temporary);
  renameSync(join(temporary, 'my-backend/node_modules'), join(temporary, name, 'node_modules'));
  try {
    npm(['run', 'build'], join(temporary, name));
  } finally {
    renameSync(join(temporary, name, 'node_modules'), join(temporary, 'my-backend/node_modules'));
  }
});
