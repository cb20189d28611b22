import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { readJson, run, tool } from './run.js';

export async function checkTarball(each) {
  run(tool('publint'), ['run', each.tarball, '--strict']);
  const { types, problems } = await checkPackage(
    createPackageFromTarballData(readFileSync(each.tarball)),
  );
  assert(types, `${each.name} has no types`);
  // ES modules only: CommonJS does `require` them, as Node is 20.19 at least.
  const others = problems.filter(({ kind }) => kind !== 'CJSResolvesToESM');
  assert.deepEqual(others, [], `are the types of ${each.name} wrong?`);
  console.log(`${each.name}: packed; publint and attw find nothing`);
}

export function checkFiles(name, everything) {
  const folder = join(everything, 'node_modules', name);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .map((file) => file.replaceAll('\\', '/'));

  const expected =
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|DRIVERS\.md|(dist|src|ui)\/.+)$/;
  const isStrange = (file) => !expected.test(file) || /\btests?\b/.test(file);
  // A template is a package of its own, with tests.
  const strangers = files.filter((file) => !file.startsWith('template/') && isStrange(file));
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

export function checkCommands(name, everything) {
  const folder = join(everything, 'node_modules', name);
  for (const [command, file] of Object.entries(readJson(folder, 'package.json').bin ?? {})) {
    assert(existsSync(join(everything, 'node_modules/.bin', command)), `${command} is not linked`);
    const help = run(process.execPath, [join(folder, file), '--help']);
    assert.match(help, /\S/, `${command} --help says nothing`);
    console.log(`${name}: ${command} --help works`);
  }
}
