// Usage: node run.js <what to give node>
//
// Runs a Node that is as new as the package in this folder wants it by its `engines`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findNode } from './find.js';

const { name, engines } = JSON.parse(readFileSync('package.json', 'utf8'));
const node = findNode(engines.node.replace('>=', ''));
if (!node) {
  console.error(`${name} needs Node ${engines.node}, this is ${process.version}`);
  process.exit(1);
}
const { error, status } = spawnSync(node, process.argv.slice(2), { stdio: 'inherit' });
if (error) throw error;
process.exitCode = status ?? 1;
