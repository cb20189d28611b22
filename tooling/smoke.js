// Packs every package, installs the tarballs in empty projects outside this workspace, and uses
// them as their users would. SMOKE_NODES may list more Node binaries to load the packages with.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// What a package brings, where that is a promise. A package that is not listed here brings
// whatever it does, and that is printed.
const PROMISED = {
  '@sessions/core': [],
  '@sessions/memory': ['@sessions/core', 'lru-cache'],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'sessions-smoke-'));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));

const packages = readdirSync(join(root, 'packages'))
  .map((folder) => join(root, 'packages', folder))
  .filter((folder) => existsSync(join(folder, 'package.json')))
  .map((folder) => ({ folder, ...readJson(folder, 'package.json') }))
  .filter((each) => !each.private);

for (const each of packages) {
  each.tarball = join(temporary, `${each.name.replace('/', '-')}.tgz`);
  run('pnpm', ['pack', '--out', each.tarball], each.folder);
  run(tool('publint'), ['run', each.tarball, '--strict']);
  run(tool('attw'), [each.tarball, '--profile', 'esm-only', '--no-definitely-typed']);
  console.log(`${each.name}: packed; publint and attw find nothing`);
}

const everything = project(
  'everything',
  packages.map((each) => each.name),
);
for (const each of packages) {
  checkFiles(each.name, join(everything, 'node_modules', each.name));
  checkCommands(each.name);
}
checkImports();
checkTypes();
for (const each of packages) checkDependencies(each.name);
console.log('smoke test passed');

/** An empty project with some of the packages installed, and no other tarball than ours. */
function project(name, names) {
  const folder = join(temporary, name);
  mkdirSync(folder);
  const spec = (each) => [each.name, `file:${each.tarball}`];
  const wanted = packages.filter((each) => names.includes(each.name));
  const others = packages.filter((each) => !names.includes(each.name));
  const manifest = {
    private: true,
    dependencies: Object.fromEntries(wanted.map(spec)),
    overrides: Object.fromEntries(others.map(spec)),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], folder);
  return folder;
}

function checkFiles(name, folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .map((file) => file.replaceAll('\\', '/'));

  const expected = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|DRIVERS\.md|(dist|src)\/.+)$/;
  const strangers = files.filter((file) => !expected.test(file) || /\btests?\b/.test(file));
  assert.deepEqual(strangers, [], `${name} packs what nobody needs`);
  for (const file of ['README.md', 'LICENSE']) assert(files.includes(file), `${name}: no ${file}`);

  const modules = files.filter((file) => /^src\/.+\.ts$/.test(file));
  for (const module of modules) {
    const base = module.replace(/^src\/(.+)\.ts$/, 'dist/$1');
    for (const end of ['.js', '.js.map', '.d.ts', '.d.ts.map']) {
      assert(files.includes(base + end), `${name}: no ${base}${end}`);
    }
  }
  for (const map of files.filter((file) => file.endsWith('.map'))) {
    for (const source of readJson(folder, map).sources) {
      assert(existsSync(resolve(folder, dirname(map), source)), `${name}: ${map} leads nowhere`);
    }
  }
  assert(modules.length > 0, `${name} has no sources`);
  console.log(`${name}: ${modules.length} modules, each with its source, types and maps`);
}

function checkCommands(name) {
  const folder = join(everything, 'node_modules', name);
  for (const [command, file] of Object.entries(readJson(folder, 'package.json').bin ?? {})) {
    assert(existsSync(join(everything, 'node_modules/.bin', command)), `${command} is not linked`);
    const help = run(process.execPath, [join(folder, file), '--help']);
    assert.match(help, /\S/, `${command} --help says nothing`);
    console.log(`${name}: ${command} --help works`);
  }
}

function checkImports() {
  const script = `
    const names = ${JSON.stringify(packages.map((each) => each.name))};
    const keys = (module) => Object.keys(module).filter((key) => key !== '__esModule').sort();
    Promise.all(names.map(async (name) => {
      const imported = keys(await import(name));
      const required = keys(require(name));
      require('node:assert').deepStrictEqual(required, imported);
      console.log(name + ': import and require give ' + imported.join(', '));
      if (imported.length === 0) throw new Error(name + ' exports nothing');
    }));
  `;
  writeFileSync(join(everything, 'load.cjs'), script);
  for (const node of [process.execPath, ...list(process.env.SMOKE_NODES)]) {
    console.log(`Node ${run(node, ['--version']).trim()}`);
    console.log(run(node, ['load.cjs'], everything, { quiet: true }).trim());
  }
}

// Both as an ES module and as CommonJS, without skipLibCheck: our declarations must stand alone.
function checkTypes() {
  const names = packages.map((each) => each.name);
  const using = (load) => `${names.map(load).join('\n')}
export const all: object[] = [${names.map((_, i) => `p${i}`).join(', ')}];
`;
  const memory = `p${names.indexOf('@sessions/memory')}`;
  const use = `
export async function visits(): Promise<number> {
  const store = await new ${memory}.MemorySessionStore<{ visits: number }>(10, 5).init();
  const session = await store.update('telegram:42', (old) => ({ visits: (old?.visits ?? 0) + 1 }));
  // @ts-expect-error: a session is not null without a check
  return session.visits;
}
`;
  const file = (name, text) => writeFileSync(join(everything, name), text);
  file('esm.mts', using((name, i) => `import * as p${i} from '${name}';`) + use);
  file('common.cts', using((name, i) => `import p${i} = require('${name}');`) + use);
  for (const module of ['nodenext', 'node20']) {
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--module', module];
    const types = ['--types', 'node', '--typeRoots', join(root, 'tooling/node_modules/@types')];
    const files = ['esm.mts', 'common.cts'];
    run(join(root, 'node_modules/.bin/tsc'), [...options, ...types, ...files], everything);
    console.log(`types are right for ES modules and CommonJS under module: ${module}`);
  }
}

function checkDependencies(name) {
  const folder = project(name.replace('/', '-'), [name]);
  const { packages: installed } = readJson(folder, 'node_modules/.package-lock.json');
  const brought = Object.keys(installed)
    .map((path) => path.replace(/^node_modules\//, ''))
    .filter((other) => other !== name)
    .sort();
  console.log(`${name} brings ${brought.join(', ') || 'nothing'}`);
  if (PROMISED[name]) assert.deepEqual(brought, PROMISED[name]);
}

function run(command, args, cwd = root, { quiet = false } = {}) {
  // Windows has .cmd files, which only a shell runs.
  const shell = process.platform === 'win32' && command !== process.execPath;
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    shell,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw error;
  if (status !== 0) {
    console.error(`${stdout}${stderr}`);
    console.error(`failed: ${relative(root, command) || command} ${args.join(' ')}`);
    process.exit(1);
  }
  if (quiet) assert.equal(stderr, '', 'a warning on loading');
  return stdout;
}

function tool(name) {
  return join(root, 'tooling/node_modules/.bin', name);
}

function readJson(folder, file) {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

function list(paths) {
  return (paths ?? '').split(delimiter).filter(Boolean);
}
