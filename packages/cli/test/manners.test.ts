import { lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { cli, project, Running, run, start } from './support.ts';

let folder: string;

beforeAll(async () => {
  folder = await project(
    '@sessions/file',
    '@sessions/redis',
    '@sessions/postgres',
    '@sessions/mongo',
  );
  await using store = new FileSessionStore(join(folder, 'bot'), { flush: false });
  for (let n = 0; n < 300; n++) await store.write(`telegram:${n}`, { text: 'x'.repeat(1000) });
});

const COMMANDS = ['ls', 'get', 'edit', 'set', 'rm', 'clear', 'touch', 'stats', 'verify', 'prune'];
COMMANDS.push('copy', 'export', 'import', 'tail', 'doctor');

test('--help has every command, and what exit codes mean', async () => {
  const { code, stdout, stderr } = await run(folder, ['--help']);
  const listed = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name);
  expect(listed).toEqual(expect.arrayContaining(COMMANDS));
  expect(stdout).toContain('Exit codes:');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each(COMMANDS)('%s --help has an example, and --store', async (name) => {
  const { code, stdout } = await run(folder, [name, '--help']);
  expect(stdout).toMatch(new RegExp(`^Example.*\\n.*sessions ${name}`, 'm'));
  expect(stdout).toContain('--store <store>');
  expect(stdout.split('\n').every((line) => line.length <= 120)).toBe(true);
  expect(code).toBe(0);
});

test.each([
  [[], 2],
  [['nosuch'], 2],
  [['ls', '--nosuch'], 2],
  [['get'], 2],
  [['ls', 'a', 'b'], 2],
  [['tail', '--interval', '0'], 2],
  [['--version'], 0],
])('%j ends with %d', async (args, expected) => {
  const { code, stdout, stderr } = await run(folder, args);
  expect(code).toBe(expected);
  expect(stdout + stderr).not.toBe('');
});

describe('the store', () => {
  test('is that of --store, else of SESSIONS_STORE, else of the config', async () => {
    const here = await project('@sessions/file');
    for (const name of ['option', 'env', 'config']) {
      await using store = new FileSessionStore(join(here, name));
      await store.write(name, {});
    }
    await writeFile(join(here, 'sessions.config.js'), 'export default { store: () => "./config" }');
    const env = { SESSIONS_STORE: './env' };
    const ls = ['ls', '--ids'];
    expect(await run(here, [...ls, '-s', './option'], { env })).toMatchObject({
      stdout: 'option\n',
    });
    expect(await run(here, ls, { env })).toMatchObject({ stdout: 'env\n' });
    expect(await run(here, ls)).toEqual({ code: 0, stdout: 'config\n', stderr: '' });
  });

  test('may be made by the config', async () => {
    const here = await project('@sessions/file');
    const config = `import { FileSessionStore } from '@sessions/file';
export default { store: new FileSessionStore('./made', 60), expiresIn: 60 };`;
    await writeFile(join(here, 'sessions.config.mjs'), config);
    expect((await run(here, ['set', 'a', '{}'])).code).toBe(0);
    expect((await run(here, ['ls'])).stdout).toMatch(/2 B {5,6}\d+s {7}59m {2}a\n$/);
    expect((await run(here, ['doctor'])).stdout).toMatch(/^unknown {2}backend .*name the store/m);
  });

  test('a config that cannot be read is named, with what to do', async () => {
    const here = await project('@sessions/file');
    await writeFile(join(here, 'package.json'), '{ "type": "commonjs" }');
    await writeFile(join(here, 'sessions.config.js'), 'export default "./bot"');
    const { code, stderr } = await run(here, ['ls']);
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(here, 'sessions.config.js')}: `);
    expect(stderr).toContain('sessions.config.mjs');
  });

  test.each([
    [undefined, 'which store? say --store'],
    ['memory', 'from here there is nothing to see'],
    ['sqlite:./bot.db', 'npm install @sessions/sqlite'],
    ['my-store:a', 'npm install @sessions/my-store'],
    ['@me/store', 'npm install @me/store'],
    ['./none.mjs', 'there is no ./none.mjs in '],
    ['bot', 'the folder bot is ./bot'],
    ['', '--store is empty'],
    ['node:fs', 'not installed'],
  ])('%s: code 1, and what to do', async (text, message) => {
    const { code, stdout, stderr } = await run(folder, [
      'ls',
      ...(text === undefined ? [] : ['-s', text]),
    ]);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('of a stranger, by the name of a package that is for import alone', async () => {
    const here = await project('@sessions/file');
    const home = join(here, 'node_modules/strange-sessions');
    await mkdir(home, { recursive: true });
    const exports = { '.': { types: './no.d.ts', import: { default: './main.js' } } };
    const manifest = { name: 'strange-sessions', type: 'module', exports };
    await writeFile(join(home, 'package.json'), JSON.stringify(manifest));
    await writeFile(
      join(home, 'main.js'),
      `import { FileSessionStore } from '@sessions/file';
export class StrangeSessionStore extends FileSessionStore {}`,
    );
    await run(here, ['set', 'a', '{"n":1}', '-s', 'strange-sessions:./x']);
    expect((await run(here, ['ls', '-s', 'strange-sessions:./x'])).stdout).toMatch(/364d {2}a\n$/);
  });

  test('of only five methods can be looked at, and says what it cannot do', async () => {
    const here = await project();
    await writeFile(
      join(here, 'toy.mjs'),
      `const all = { a: { id: 'a', lastActivity: 1 }, b: {} };
export class ToySessionStore {
  async init() { return this }
  async read(id) { return all[id] ?? null }
  async write() {}
  async destroy() {}
  async all() { return Object.values(all) }
}`,
    );
    const toy = (...args: string[]) => run(here, [...args, '-s', './toy.mjs']);
    const { code, stdout, stderr } = await toy('ls', '--json');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '{"id":"a","bytes":27,"lastActivity":1}\n',
    });
    expect(stderr).toMatch(/only the five methods.*\n1 session has no id in it\n/);
    expect((await toy('get', 'a', '--json')).stdout).toBe(
      '{"id":"a","session":{"id":"a","lastActivity":1}}\n',
    );
    expect((await toy('set', 'a', '{}')).code).toBe(0);
    expect((await toy('rm', 'a')).code).toBe(0);
    expect((await toy('doctor')).stdout).toMatch(
      /look {5}guarantees {3}it has only the five methods/,
    );
    for (const args of [
      ['touch', 'a'],
      ['edit', 'a'],
      ['stats'],
      ['verify'],
      ['set', 'a', '{}', '--create'],
    ]) {
      const refused = await toy(...args);
      expect(refused.stderr).toContain('only the five methods');
      expect(refused.code).toBe(1);
    }
  });
});

describe('secrets', () => {
  test.each([
    'redis://me:sesame@127.0.0.1:1/0',
    'redis://:sesame@127.0.0.1:1/not-a-database',
    'redis://me:ses%ame@127.0.0.1:1',
    'postgres://me:sesame@127.0.0.1:1/bot',
    'postgres://me:ses/ame@127.0.0.1:1/bot',
    'mongodb://me:sesame@127.0.0.1:1/bot?serverSelectionTimeoutMS=100',
    'mongodb://me:ses:a@me@127.0.0.1:1/bot',
    'nosuch://me:sesame@127.0.0.1',
  ])('of %s are nowhere in what is printed', async (text) => {
    for (const args of [
      ['ls', '-s', text],
      ['doctor', text],
    ]) {
      const { code, stdout, stderr } = await run(folder, args);
      expect(stdout + stderr).not.toMatch(/ses.?.?ame|ses:a/);
      expect(stdout + stderr).not.toBe('');
      expect(code).toBe(1);
    }
  });

  test('of a config that fails', async () => {
    const here = await project();
    const config = `throw new Error('no redis://me:sesame@host')`;
    await writeFile(join(here, 'sessions.config.mjs'), config);
    const { code, stderr } = await run(here, ['ls']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/: no redis:\/\/\*\*\*@host\n$/);
  });
});

test('a pipe that nobody reads any more ends it quietly', async () => {
  const running = start(folder, ['export', '--store', './bot']);
  running.child.stdout?.once('data', () => running.child.stdout?.destroy());
  const { code, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

const isLinux = process.platform === 'linux';
(isLinux ? test : test.skip).each([
  ['export', '> /dev/full'],
  ['get telegram:1', '> /dev/full'],
  ['copy ./bot ./full', '2> /dev/full'],
])('%s %s: a full disk is a failure', async (command, redirection) => {
  const args = command.startsWith('copy') ? command : `${command} --store ./bot`;
  const line = `'${process.execPath}' '${cli}' ${args} ${redirection}`;
  const { code, stderr } = await new Running('sh', ['-c', line], folder, {}).ended;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: command.startsWith('copy') ? '' : expect.stringContaining('ENOSPC'),
  });
});

(isLinux ? test : test.skip)('export --output replaces nothing but a file', async () => {
  await symlink('/dev/null', join(folder, 'device'));
  for (const path of ['./device', './bot']) {
    const { code, stderr } = await run(folder, ['export', '--output', path, '-s', './bot']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${path} is no file\n` });
  }
  expect((await lstat(join(folder, 'device'))).isSymbolicLink()).toBe(true);
});

test('there are no colours in a pipe', async () => {
  const { stdout } = await run(folder, ['doctor', './bot']);
  expect(stdout).not.toContain('\u001b');
});
