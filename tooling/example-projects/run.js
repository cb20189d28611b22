// Usage: pnpm examples
//
// Does with each project in `examples` what a stranger does: installs it, with our packages as they are
// packed, and runs its tests; a driver's README, too. It imports TypeScript, so it needs a Node that can.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { emptyFolder, packAll, packages } from '../smoke/project.js';
import { readJson, root, run } from '../smoke/run.js';
import { startServers } from './servers.js';

const examples = join(root, 'examples');

packAll();
for (const name of readdirSync(join(examples, 'drivers'))) {
  const folder = installed(join('drivers', name));
  runTests(name, folder);
  runReadme(folder);
  console.log(`${name}: its README is right`);
}
const servers = await startServers();
try {
  for (const name of ['bots', 'agents']) runTests(name, installed(name));
} finally {
  await servers.stop();
}

function installed(path) {
  const folder = emptyFolder(basename(path));
  const isSource = (file) => !['node_modules', 'dist'].includes(basename(file));
  cpSync(join(examples, path), folder, { recursive: true, filter: isSource });
  const manifest = readJson(folder, 'package.json');
  manifest.overrides = {};
  for (const { name, tarball } of packages) {
    const groups = [manifest.dependencies, manifest.devDependencies ?? {}];
    const group = groups.find((each) => name in each) ?? manifest.overrides;
    group[name] = `file:${tarball}`;
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], folder);
  return folder;
}

function runTests(name, folder) {
  const report = run('npm', ['test'], folder);
  const [, passed] = /^\S+ pass (\d+)$/m.exec(report);
  const skipped = report.match(/^.+# (SKIP )?no \w+$/gm) ?? [];
  for (const line of skipped) console.log(`${name}: ${line.trim()}`);
  console.log(`${name}: ${passed} tests passed`);
}

function runReadme(folder) {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const [, program, output] = /^```js\n(.+?)^```\n\n```text\n(.+?)^```/ms.exec(readme);
  const printed = run(process.execPath, ['--input-type=module', '--eval', program], folder);
  assert.equal(printed, output, `${folder}/README.md`);
}
