// Usage: pnpm rehearse
//
// Releases what is committed to a registry on this machine, four times over, from a fresh clone, and
// installs it as users do. What would go wrong in public goes wrong here.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifests } from '../release/project.js';
import { checkout } from './checkout.js';
import { run } from './command.js';
import { createDriver, install } from './project.js';
import { checkPublished } from './published.js';
import { startRegistry } from './registry.js';
import { checkSafety, checkSize, checkSupply } from './supply.js';

const SCOPE = '@sessions';
const CORE = `${SCOPE}/core`;
// Whose READMEs promise that they bring nothing else.
const BRINGS = {
  [CORE]: [CORE],
  [`${SCOPE}/history`]: [CORE, `${SCOPE}/history`],
  [`${SCOPE}/cli`]: [`${SCOPE}/cli`, CORE, 'commander'],
  [`${SCOPE}/lease`]: [CORE, `${SCOPE}/lease`],
  [`${SCOPE}/memory`]: [CORE, `${SCOPE}/memory`, 'lru-cache'],
  [`${SCOPE}/sqlite`]: [CORE, `${SCOPE}/sqlite`],
};
const HOME = 'https://example.com/somebody/sessions';

const temporary = mkdtempSync(join(tmpdir(), 'sessions-rehearsal-'));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));
const registry = await startRegistry(temporary, SCOPE);
const clone = await checkout(join(temporary, 'clone'), SCOPE, registry.url);
const names = manifests().map(({ name }) => name);

await clone.pnpm('install', '--frozen-lockfile');
await clone.pnpm('exec', 'changeset', 'status');
refuses(await clone.tryPnpm(['release']), /npm pkg set repository=/);
await clone.commit('Begin');
await clone.pnpm('pkg', 'set', `repository=${HOME}`);
await clone.pnpm('run', 'version');
refuses(await clone.tryPnpm(['release']), /changes that are not committed/);
await clone.commit('Version packages');
const byHand = { within: 'packages/core' };
refuses(
  await clone.tryPnpm(['publish', '--no-git-checks'], byHand),
  /Not published: README\.md has links/,
);
const withProvenance = { env: { PNPM_CONFIG_PROVENANCE: '' } };
refuses(await clone.tryPnpm(['release'], withProvenance), /PROVENANCE_UNSUPPORTED_PROVIDER/);
assert.deepEqual(await published(), {});
console.log('published nothing without a repository, absolute links, or provenance');

await clone.pnpm('release');
for (const name of names) {
  const { '1.0.0': manifest, ...others } = await registry.versionsOf(name);
  assert.deepEqual(Object.keys(others), []);
  await checkPublished(manifest, HOME, clone.folder);
}
console.log(`published ${names.length} packages: built, with changelogs, without scripts`);

const supply = [];
async function checkInstalled(name) {
  const brought = await installed(name.replace('/', '-'), { [name]: '1.0.0' });
  const ours = brought.map((each) => each.name).filter((other) => other.startsWith(`${SCOPE}/`));
  assert.deepEqual(ours.toSorted(), dependenciesOf(name).toSorted());
  if (BRINGS[name]) assert.deepEqual(brought.map((each) => each.name).toSorted(), BRINGS[name]);
  const megabytes = brought.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const others = brought.filter((other) => other.name !== name);
  const list = others.map(({ name, version }) => `${name} ${version}`).join(', ') || 'nothing';
  console.log(`${name}: ${brought.length} packages, ${megabytes.toFixed(1)} MB; brings ${list}`);
  checkSize(name, megabytes, brought.length);
  checkSupply(others);
  supply.push(...others.filter((other) => !names.includes(other.name)));
}
// Some at once, as each waits for the registry.
const queue = names.values();
const inTurn = async () => {
  for (const name of queue) await checkInstalled(name);
};
await Promise.all([inTurn(), inTurn(), inTurn()]);
await checkSafety(supply, join(temporary, 'audit'));

await createDriver(temporary, SCOPE, registry.url);
console.log('npm create made a driver, which is certified');

let before = await published();
await clone.release({ [`${SCOPE}/redis`]: 'patch' }, 'Mend something of Redis.');
await isReleased({ [`${SCOPE}/redis`]: '1.0.1' });
console.log('a patch of one driver releases it alone');

await clone.release({ [CORE]: 'minor' }, 'Add something to core.');
await isReleased({ [CORE]: '1.1.0' });
console.log('a minor of core leaves the drivers alone');

await clone.release({ [CORE]: 'major' }, 'Change the contract.');
await isReleased(Object.fromEntries(names.filter(needsCore).map((name) => [name, '2.0.0'])));
console.log('a major of core makes every dependent a major');

for (const [file, cores] of [
  ['1.0.0', ['1.1.0']],
  ['2.0.0', ['1.1.0', '2.0.0']],
]) {
  const wanted = { [`${SCOPE}/memory`]: '1.0.0', [`${SCOPE}/file`]: file };
  const folder = `memory-1-file-${file}`;
  const found = (await installed(folder, wanted)).filter(({ name }) => name === CORE);
  assert.deepEqual(found.map(({ version }) => version).toSorted(), cores);
  copyFileSync(new URL('together.js', import.meta.url), join(temporary, folder, 'together.mjs'));
  await run(process.execPath, ['together.mjs'], { cwd: join(temporary, folder) });
  console.log(`memory 1.0.0 and file ${file} work together, on core ${cores.join(' and ')}`);
}
console.log('the rehearsal went well');
process.exit(0);

function refuses({ succeeded, output }, message) {
  assert(!succeeded, `it should have failed: ${output}`);
  assert.match(output, message);
}

function installed(folder, dependencies) {
  return install(join(temporary, folder), SCOPE, registry.url, dependencies);
}

/** The newest version of each package that the registry has. */
async function published() {
  const newest = {};
  for (const name of names) {
    const versions = Object.keys(await registry.versionsOf(name));
    if (versions.length > 0) newest[name] = versions.at(-1);
  }
  return newest;
}

/** Since the last time this was asked, these versions came, and no others. */
async function isReleased(versions) {
  const now = await published();
  assert.deepEqual(now, { ...before, ...versions });
  before = now;
}

/** The package and those of ours that it brings. */
function dependenciesOf(name) {
  const { dependencies = {} } = manifests().find((manifest) => manifest.name === name);
  const ours = Object.keys(dependencies).filter((other) => names.includes(other));
  return [...new Set([name, ...ours.flatMap(dependenciesOf)])];
}

function needsCore(name) {
  const { peerDependencies = {} } = manifests().find((manifest) => manifest.name === name);
  return CORE in peerDependencies || dependenciesOf(name).includes(CORE);
}
