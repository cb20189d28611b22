// Usage: pnpm release
//
// Publishes every package whose version the registry does not have. The READMEs get absolute links for
// as long as that takes.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { absoluteLinks } from './links.js';
import { folderOf, home, manifests, root } from './project.js';

process.chdir(root);

const url = home();
if (!url) stop('nobody could find it. Say where it lives: npm pkg set repository=https://…');
const changed = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
if (changed) stop(`there are changes that are not committed:\n${changed}`);

if (run('turbo', 'run', 'build', '--output-logs=errors-only') !== 0) stop('it does not build');
try {
  for (const folder of manifests().map(({ name }) => folderOf(name))) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.md'))) {
      const path = `${folder}/${file}`;
      writeFileSync(path, absoluteLinks(readFileSync(path, 'utf8'), folder, url));
    }
  }
  process.exitCode = run('changeset', 'publish');
} finally {
  execFileSync('git', ['restore', 'packages']);
}

function run(command, ...args) {
  const env = { ...process.env, SESSIONS_BUILT: '1' }; // see prepack.js
  return spawnSync(command, args, { stdio: 'inherit', shell: true, env }).status ?? 1;
}

function stop(why) {
  console.error(`Not released: ${why}`);
  process.exit(1);
}
