import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// The console bot of packages/bot, built first. It gets the arguments, the terminal or the pipe;
// the build gets neither, so that the output is the conversation and nothing else.

const packages = fileURLToPath(new URL('../packages', import.meta.url));
const args = process.argv.slice(2).filter((arg) => arg !== '--'); // `npm run demo -- --store …`

build('bot');
const { storeName } = await import('../packages/bot/dist/open-store.js');
const { values } = parseArgs({ args, options: { store: { type: 'string' } }, strict: false });
const folder = typeof values.store === 'string' ? storeName(values.store) : '';
if (/^[a-z]+$/.test(folder) && existsSync(join(packages, folder))) {
  build(folder); // a store of this workspace, found from its own folder
  args.unshift('--from', join(packages, folder));
}
const { main } = await import('../packages/bot/dist/main.js');
process.exitCode = await main(args);

function build(folder) {
  const turbo = createRequire(import.meta.url).resolve('turbo');
  const filters = Array.from(withDependencies(folder), (name) => `--filter=@sessions/${name}`);
  const { error, status, stdout, stderr } = spawnSync(
    process.execPath,
    [turbo, 'run', 'build', '--only', ...filters, '--output-logs=errors-only'],
    { cwd: packages, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' },
  );
  if (error) throw error;
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}`);
  process.exit(1);
}

/** The folders of what a package needs to run. turbo's own `...` adds what it needs in tests. */
function withDependencies(folder) {
  const all = new Set([folder]);
  for (const each of all) {
    const manifest = readFileSync(join(packages, each, 'package.json'), 'utf8');
    for (const name of Object.keys(JSON.parse(manifest).dependencies ?? {})) {
      if (name.startsWith('@sessions/')) all.add(name.slice('@sessions/'.length));
    }
  }
  return all;
}
