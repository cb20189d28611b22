import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const memory = fileURLToPath(new URL('../../memory', import.meta.url));

// A package of a stranger: a five-method store in one file, which it writes when it is closed.
const driver = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
export const helper = () => {};
export class ToySessionStore {
  constructor(file = 'toy.json') {
    if (file.startsWith('toy:')) file = file.slice('toy://'.length);
    this.file = file;
    this.sessions = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  }
  async init() { return this; }
  async read(id) {
    if (this.file === 'broken') throw new Error('no answer', { cause: new Error('ECONNREFUSED') });
    return this.sessions[id] ?? null;
  }
  async write(id, session) { this.sessions[id] = session; }
  async destroy(id) { delete this.sessions[id]; }
  async all() { return Object.values(this.sessions); }
  async close() { writeFileSync(this.file, JSON.stringify(this.sessions)); }
}
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessions-bot-'));
  await writeFile(join(folder, 'toy.mjs'), driver);
  await install('my-sessions-toy', driver);
  await install('@sessions/toy', driver);
  await install('no-store', 'export {};');
  await install('import-only', driver, { import: './index.js' });
});

afterAll(() => rm(folder, { recursive: true }));

async function install(name: string, code: string, exports: unknown = './index.js') {
  const path = join(folder, 'node_modules', name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'package.json'), JSON.stringify({ type: 'module', exports }));
  await writeFile(join(path, 'index.js'), code);
}

async function run(args: string[], input = '', cwd = folder) {
  // pnpm sets NODE_PATH, by which the other packages of this repository would be found.
  const env = { ...process.env, NODE_PATH: '' };
  const child = spawn(process.execPath, [cli, ...args], { cwd, env });
  const exit = once(child, 'exit');
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exit,
  ]);
  return { code, stdout, stderr };
}

const greeting = "Hi, what's your nickname?\n";

test('a piped conversation, in memory by default', async () => {
  expect(await run([], 'Hi\nTim\n')).toEqual({
    code: 0,
    stdout: `${greeting}Hello Tim\n`,
    stderr: '',
  });
});

test.each(['--help', '--session=a'])('with %s, nobody reads its output: no crash', async (arg) => {
  const script = 'exec 3>&1; echo Hi | { "$0" "$@"; echo $? >&3; } | exec true';
  const child = spawn('sh', ['-c', script, process.execPath, cli, arg], { cwd: folder });
  const [code, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(stderr).not.toContain('Unhandled');
  expect(stderr).not.toContain('at ');
  expect(code.trim()).toBe(arg === '--help' ? '0' : '1');
});

test('the memory store by name', async () => {
  expect(await run(['--store', 'memory'], 'Hi')).toEqual({ code: 0, stdout: greeting, stderr: '' });
});

test.each([
  ['the name of a package', 'my-sessions-toy', 'toy.json'],
  ['a package and an argument', 'my-sessions-toy:argument.json', 'argument.json'],
  ['the short name of a package of ours', 'toy:short.json', 'short.json'],
  ['a URL', 'toy://url.json', 'url.json'],
  ['a file', './toy.mjs:file.json', 'file.json'],
])('a store by %s, closed at the end', async (_what, store, file) => {
  expect(await run(['--store', store], 'Hi\n')).toEqual({ code: 0, stdout: greeting, stderr: '' });
  const { stdout } = await run([`--store=my-sessions-toy:${file}`], 'Tim\n');
  expect(stdout).toBe('Hello Tim\n');
});

test('the session by its id', async () => {
  const args = ['--store', 'toy:ids.json', '--session'];
  await run([...args, 'telegram:42'], 'Hi\n');
  expect((await run([...args, 'telegram:42'], 'Tim\n')).stdout).toBe('Hello Tim\n');
  expect((await run([...args, 'telegram:43'], 'Tim\n')).stdout).toBe(greeting);
});

test('who told a nickname is welcome back after a start, once', async () => {
  const args = ['--store', 'toy:back.json'];
  await run(args, 'Hi\nTim\n');
  expect((await run(args, 'Hi\nHi\n')).stdout).toBe(`Welcome back, Tim\n${greeting}`);
});

test('a store is looked for in the folder that is named', async () => {
  expect((await run(['--store', 'my-sessions-toy:x.json'], 'Hi', memory)).code).toBe(1);
  const args = ['--store', `my-sessions-toy:${join(folder, 'from.json')}`, '--from', folder];
  expect(await run(args, 'Hi', memory)).toEqual({ code: 0, stdout: greeting, stderr: '' });
});

test('--help says what there is', async () => {
  const { code, stdout, stderr } = await run(['--help']);
  for (const option of ['--store', '--session', '--from', '--help']) {
    expect(stdout).toContain(option);
  }
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each([
  ['redis', 'the store redis is not installed; npm install @sessions/redis'],
  ['rediss://host', 'the store redis is not installed; npm install @sessions/redis'],
  ['mongodb+srv://host', 'the store mongo is not installed; npm install @sessions/mongo'],
  ['postgres://host', 'the store postgres is not installed; npm install @sessions/postgres'],
  ['postgresql://host', 'the store postgres is not installed; npm install @sessions/postgres'],
  ['@me/store:5', 'the store @me/store is not installed; npm install @me/store'],
  ['fs', 'the store fs is not installed; npm install @sessions/fs'],
  ['no-store', 'no-store exports no class whose name ends with SessionStore'],
])('the store %s cannot be had: code 1, and a message', async (store, message) => {
  const nowhere = tmpdir();
  const args = ['--store', store, '--from', store === 'no-store' ? folder : nowhere];
  expect(await run(args, 'Hi', nowhere)).toEqual({ code: 1, stdout: '', stderr: `${message}\n` });
});

test('a file that is not there', async () => {
  const { code, stderr } = await run(['--store', './nothing.js'], 'Hi');
  expect({ code, stderr }).toEqual({ code: 1, stderr: `there is no ./nothing.js in ${folder}\n` });
});

test('a package that is there and cannot be resolved is not said to be missing', async () => {
  const { code, stderr } = await run(['--store', 'import-only'], 'Hi');
  expect(code).toBe(1);
  expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('a store that fails: code 1, the message and its cause, no reply', async () => {
  expect(await run(['--store', 'toy:broken'], 'Hi\nTim\n')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'no answer: ECONNREFUSED\n',
  });
});

test.each([[['--nosuch']], [['--store']], [['memory']]])('%j is a mistake', async (args) => {
  const { code, stdout, stderr } = await run(args, 'Hi');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('ERR_PARSE_ARGS');
});

test('an id that is none is refused', async () => {
  expect(await run(['--session', ''], 'Hi')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'a session id must not be empty (INVALID_ID)\n',
  });
});
