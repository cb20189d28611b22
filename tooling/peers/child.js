import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findNode } from '../newer-node/find.js';
import { pinned } from './cores.js';

const LONGEST = 30 * 60_000;

/** The command of a script of this folder, which gets the order as JSON. */
export function command(script, order, { pin, flags = [] } = {}) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return pinned(pin, nodeOf(order.group), [...flags, file, JSON.stringify(order)]);
}

/** The Node that the package of this group wants. */
export function nodeOf(group) {
  return group === 'sqlite' ? findNode('22.13') : process.execPath;
}

/** Runs it in a process of its own. Resolves with the JSON on the last line that it prints. */
export async function run(script, order, options) {
  const [program, args] = command(script, order, options);
  const { stdout } = await promisify(execFile)(program, args, { timeout: LONGEST });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}
