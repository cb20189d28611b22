import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sessions-create-driver-'));
});

afterEach(() => rm(parent, { recursive: true }));

function run(...args: string[]) {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const options = { cwd: parent, env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], options);
  return { code: status, stdout, stderr };
}

async function textOf(...path: string[]): Promise<string> {
  return readFile(join(parent, ...path), 'utf8');
}

async function textsOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

test('it makes a folder, and says how to go on', () => {
  const { code, stdout, stderr } = run('level-db');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const line of ['cd level-db', 'npm install', 'npm test']) expect(stdout).toContain(line);
});

test.each([
  ['level-db', 'sessions-level-db', 'LevelDbSessionStore'],
  ['sessions-lmdb', 'sessions-lmdb', 'LmdbSessionStore'],
  ['s3', 'sessions-s3', 'S3SessionStore'],
])('%s becomes the package %s with the class %s, everywhere', async (name, packageName, store) => {
  expect(run(name).code).toBe(0);
  expect(JSON.parse(await textOf(name, 'package.json')).name).toBe(packageName);
  expect(await textOf(name, 'src/index.ts')).toContain(`export class ${store}<`);
  expect(await textOf(name, 'README.md')).toContain(`import { ${store} } from '${packageName}';`);
  expect(await textsOf(join(parent, name))).not.toMatch(/my-?backend/i);
});

test('node:test runs the tests, or Vitest', async () => {
  run('a');
  run('b', '--vitest');
  expect(await textOf('a', 'package.json')).not.toContain('vitest');
  expect(await textOf('b', 'package.json')).toContain('vitest run');
  expect(await textOf('a', 'test/conformance.test.js')).toContain("from 'node:test'");
  expect(await textOf('b', 'test/conformance.test.js')).toContain("from 'vitest'");
});

test('it asks for the tools that made it', async () => {
  run('a', '--vitest');
  const catalog = await readFile(new URL('../../../pnpm-workspace.yaml', import.meta.url), 'utf8');
  const { devDependencies } = JSON.parse(await textOf('a', 'package.json'));
  for (const tool of ['@types/node', 'typescript', 'vitest']) {
    const [, version] = catalog.match(new RegExp(`^ *"?${tool}"?: (.+)$`, 'm')) ?? [];
    expect([tool, devDependencies[tool]]).toEqual([tool, version]);
  }
});

test('a folder that is empty is filled', async () => {
  await mkdir(join(parent, 'a'));
  expect(run('a').code).toBe(0);
});

test('what is there stays as it is', async () => {
  await mkdir(join(parent, 'folder'));
  await writeFile(join(parent, 'folder/notes'), 'mine');
  await writeFile(join(parent, 'file'), 'mine');
  for (const name of ['folder', 'file']) {
    const stderr = `${name} is there already; nothing was written\n`;
    expect(run(name)).toEqual({ code: 1, stdout: '', stderr });
  }
  expect(await readdir(join(parent, 'folder'))).toEqual(['notes']);
  expect(await textOf('file')).toBe('mine');
});

test.each(['', 'My', '2b', 'a_b', 'a--b', 'a-', '../a', '/a', '.', '@me/a', 'a b', 'ä'])(
  'the name %j is refused',
  async (name) => {
    const { code, stdout, stderr } = run(name);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`the name ${JSON.stringify(name)} must be lower-case letters, digits`);
    expect(await readdir(parent)).toEqual([]);
  },
);

test.each([
  [[], 'the backend needs a name: npm create @sessions/driver my-backend\n'],
  [['a', 'b'], 'one name, not a b; --help says what there is\n'],
  [['a', '--jest'], "Unknown option '--jest'; --help says what there is\n"],
  [['a', '-v'], "Unknown option '-v'; --help says what there is\n"],
])('the arguments %j are refused', async (args, stderr) => {
  expect(run(...args)).toEqual({ code: 1, stdout: '', stderr });
  expect(await readdir(parent)).toEqual([]);
});

test('--help says what there is', () => {
  const { code, stdout, stderr } = run('--help');
  expect(stdout).toContain('npm create @sessions/driver my-backend');
  for (const option of ['--vitest', '--help']) expect(stdout).toContain(option);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
