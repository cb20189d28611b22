import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf, root } from '../release/project.js';
import { attempt } from './command.js';

const LICENCES = [
  'MIT',
  'ISC',
  'Apache-2.0',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
];
const SCRIPTS = ['preinstall', 'install', 'postinstall'];

/** What a README says of its package's size is about right. */
export function checkSize(name, megabytes, packages) {
  const readme = readFileSync(`${root}${folderOf(name)}/README.md`, 'utf8');
  const said = /Installed: ([\d.]+) MB in (\d+) package/.exec(readme)?.slice(1).map(Number);
  assert(said, `${name}: its README does not say how large it is`);
  const isNear = (one, other) => Math.abs(one - other) <= Math.max(0.1, 0.2 * other);
  const isTrue = isNear(said[0], megabytes) && isNear(said[1], packages);
  assert(isTrue, `${name}: ${megabytes} MB in ${packages} packages, not ${said}`);
}

/** What comes with a package has a licence that anybody can accept, and runs nothing. */
export function checkSupply(dependencies) {
  for (const { path } of dependencies) {
    const {
      name,
      licenses = [], // as old packages say it
      license = licenses[0]?.type,
      scripts = {},
    } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    assert(LICENCES.includes(license), `${name}: its licence is ${license}`);
    const run = SCRIPTS.filter((script) => script in scripts);
    assert.deepEqual(run, [], `${name} runs scripts when it is installed`);
  }
}

/** None of these, of which there may be several versions, is known to be unsafe. */
export async function checkSafety(dependencies, folder) {
  // A lock file that has each as an alias: the registry is asked once, for all.
  const aliases = new Map(
    dependencies.map(({ name, version }) => [`${name}@${version}`, { name, version }]),
  );
  const packages = { '': { dependencies: {} } };
  for (const [n, [spec, each]] of [...aliases].entries()) {
    packages[''].dependencies[`a${n}`] = `npm:${spec}`;
    packages[`node_modules/a${n}`] = each;
  }
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(packages['']));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ lockfileVersion: 3, packages }),
  );
  const { output } = await attempt('npm', ['audit', '--json', '--loglevel=silent'], {
    cwd: folder,
  });
  const { vulnerabilities } = JSON.parse(output);
  if (!vulnerabilities) console.log('(the registry answers no audits)');
  assert.deepEqual(vulnerabilities ?? {}, {});
}
