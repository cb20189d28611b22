// Does with each driver in examples/drivers what a stranger does: installs it, with our packages as
// they are packed, builds it, and runs its tests and its README.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { emptyFolder, pack, packages } from './smoke/project.js';
import { readJson, root, run } from './smoke/run.js';

const drivers = join(root, 'examples/drivers');
const own = packages.filter(({ name }) => /^@sessions\/(core|conformance)$/.test(name));

for (const each of own) pack(each);
for (const name of readdirSync(drivers)) {
  const folder = emptyFolder(name);
  const isSource = (path) => !['node_modules', 'dist'].includes(basename(path));
  cpSync(join(drivers, name), folder, { recursive: true, filter: isSource });
  install(folder);
  const report = run('npm', ['test'], folder);
  const [, passed] = /^\S+ pass (\d+)$/m.exec(report);
  runReadme(folder);
  console.log(`${name}: ${passed} tests passed, and its README is right`);
}

function install(folder) {
  const manifest = readJson(folder, 'package.json');
  for (const group of [manifest.dependencies, manifest.devDependencies]) {
    for (const { name, tarball } of own) if (name in group) group[name] = `file:${tarball}`;
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], folder);
}

function runReadme(folder) {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const [, program, output] = /^```js\n(.+?)^```\n\n```text\n(.+?)^```/ms.exec(readme);
  const printed = run(process.execPath, ['--input-type=module', '--eval', program], folder);
  assert.equal(printed, output, `${folder}/README.md`);
}
