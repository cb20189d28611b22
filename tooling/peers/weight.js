import { execFile, execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, short, spread } from './statistics.js';

const IMPORTS = 15;
const here = fileURLToPath(new URL('.', import.meta.url));

// What an application imports, ours first.
const groups = {
  memory: [
    ['@sessions/memory'],
    ['lru-cache'],
    ['express-session'],
    ['express-session', 'memorystore'],
    ['keyv'],
    ['unstorage'],
  ],
  file: [
    ['@sessions/file'],
    ['write-file-atomic'],
    ['express-session', 'session-file-store'],
    ['keyv', 'keyv-file'],
    ['unstorage', 'unstorage/drivers/fs'],
  ],
  redis: [
    ['@sessions/redis'],
    ['ioredis'],
    ['express-session', 'redis', 'connect-redis'],
    ['keyv', '@keyv/redis'],
    ['ioredis', 'unstorage', 'unstorage/drivers/redis'],
  ],
  mongo: [['@sessions/mongo'], ['mongodb'], ['express-session', 'connect-mongo']],
  sqlite: [
    ['@sessions/sqlite'],
    ['sqlite3'],
    ['express-session', 'connect-sqlite3'],
    ['keyv', '@keyv/sqlite'],
  ],
  postgres: [
    ['@sessions/postgres'],
    ['pg'],
    ['express-session', 'connect-pg-simple'],
    ['keyv', '@keyv/postgres'],
  ],
  others: [['@sessions/core'], ['@sessions/bot'], ['@sessions/lease'], ['@sessions/history']],
};

/** How long it takes to import each package, and how large it is with all it depends on. */
export async function measureWeight() {
  const rows = [];
  for (const [group, all] of Object.entries(groups)) {
    for (const modules of all) {
      const times = await importTimes(modules);
      const size = installedSize(modules.map(packageOf));
      console.log(group, modules.join(' + '), median(times), size);
      rows.push([group, modules.join(' + '), spread(times), short(size / 1000)]);
    }
  }
  return {
    title: 'Weight',
    note: `Milliseconds of \`import\` in ${IMPORTS} fresh processes, less an empty one; kilobytes of the package and of all that it depends on, unpacked.`,
    head: ['', 'import', 'ms', 'kB'],
    rows,
  };
}

async function importTimes(modules) {
  const times = [];
  for (let n = 0; n < IMPORTS; n++) {
    const empty = await timeOf('');
    times.push((await timeOf(modules.map((name) => `import '${name}';`).join(''))) - empty);
  }
  return times;
}

async function timeOf(code) {
  const start = performance.now();
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: here });
  return performance.now() - start;
}

function packageOf(name) {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}

function installedSize(names) {
  const seen = new Set();
  for (const name of names) visit(here, name, seen);
  return [...seen].reduce((sum, root) => sum + sizeOf(root), 0);
}

function visit(from, name, seen) {
  const root = find(from, name);
  if (root === undefined || seen.has(root)) return;
  seen.add(root);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const peers = Object.keys(peerDependencies ?? {}).filter(
    (peer) => !peerDependenciesMeta?.[peer]?.optional,
  );
  const needed = Object.keys({ ...dependencies, ...optionalDependencies });
  for (const next of [...needed, ...peers]) visit(root, next, seen);
}

function find(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const root = join(folder, 'node_modules', name);
    if (existsSync(root)) return realpathSync(root);
    if (folder === dirname(folder)) return undefined; // optional, and not for this system
  }
}

function sizeOf(root) {
  if (root.includes('node_modules')) return bytesIn(root);
  // One of ours, as it is in the repository: what would be published of it.
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  return JSON.parse(execFileSync('npm', pack, { cwd: root, stdio: 'pipe' }))[0].unpackedSize;
}

function bytesIn(folder) {
  return readdirSync(folder).reduce((sum, name) => {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) return name === 'node_modules' ? sum : sum + bytesIn(path);
    return sum + stat.size;
  }, 0);
}
