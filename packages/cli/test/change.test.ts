import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { cli, editor, project, run } from './support.ts';

let folder: string;
let store: FileSessionStore;
const env = { SESSIONS_STORE: './bot', TMPDIR: '', TEMP: '' };

beforeEach(async () => {
  folder = await project('@sessions/file');
  env.TMPDIR = join(folder, 'tmp');
  env.TEMP = env.TMPDIR; // on Windows
  await mkdir(env.TMPDIR);
  store = new FileSessionStore(join(folder, 'bot'), 60);
  await store.write('a', { n: 1 });
});

afterEach(() => store.close());

const change = (args: string[], more: { input?: string; env?: Record<string, string> } = {}) =>
  run(folder, args, { ...more, env: { ...env, ...more.env } });

const minutesLeft = async (id: string) =>
  (((await store.readVersion(id))?.expiresAt ?? Infinity) - Date.now()) / 60_000;

describe('set', () => {
  test('stores a new session, for as long as the store says', async () => {
    const ended = { code: 0, stdout: '', stderr: '' };
    expect(await change(['set', 'b', '{"n":2}'])).toEqual(ended);
    expect(await store.read('b')).toEqual({ n: 2 });
    expect(await minutesLeft('b')).toBeGreaterThan(525_000);
  });

  test('takes the session from stdin', async () => {
    await change(['set', 'b', '-'], { input: ' {"n":\n3}\n' });
    expect(await store.read('b')).toEqual({ n: 3 });
    await change(['set', 'b'], { input: '{"n":4}' });
    expect(await store.read('b')).toEqual({ n: 4 });
  });

  test('one that is there keeps its lifetime', async () => {
    await change(['set', 'a', '{"n":2}']);
    expect(await store.read('a')).toEqual({ n: 2 });
    expect(await minutesLeft('a')).toBeLessThan(60);
    await change(['set', 'a', '{"n":3}', '--expires-in', 'never']);
    await change(['set', 'a', '{"n":4}']);
    expect(await minutesLeft('a')).toBe(Infinity);
    await change(['set', 'a', '{"n":4}', '--expires-in', '5']);
    expect(await minutesLeft('a')).toBeLessThan(5);
  });

  test('only where there is none, or over one version', async () => {
    const conflict = { code: 4, stderr: expect.stringContaining('nothing was changed') };
    expect(await change(['set', 'a', '{}', '--create'])).toMatchObject(conflict);
    expect(await change(['set', 'a', '{}', '--if-match', 'other'])).toMatchObject(conflict);
    expect(await change(['set', 'b', '{}', '--if-match', 'other'])).toMatchObject(conflict);
    expect(await store.read('a')).toEqual({ n: 1 });
    const { etag } = (await store.readVersion('a')) ?? {};
    expect(await change(['set', 'a', '{}', '--if-match', `${etag}`])).toMatchObject({ code: 0 });
    expect(await change(['set', 'b', '{}', '--create'])).toMatchObject({ code: 0 });
  });

  test.each([
    [['{n:1}'], 'the session is no JSON: '],
    [['[1]'], 'the session is no JSON object'],
    [['null'], 'the session is no JSON object'],
    [['{}', '--expires-in', '0'], 'It is a number of minutes above 0, or never.'],
    [['{}', '--expires-in', ''], 'It is a number of minutes above 0, or never.'],
  ])('%j is a mistake, and changes nothing', async (args, message) => {
    const { code, stderr } = await change(['set', 'a', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(await store.read('a')).toEqual({ n: 1 });
  });
});

describe('edit', () => {
  const edit = async (program: string, args = ['edit', 'a']) =>
    change(args, { env: { EDITOR: await editor(folder, program) } });
  const theirs = (...args: string[]) =>
    `const { spawnSync } = await import('node:child_process');
spawnSync(process.execPath, ${JSON.stringify([cli, ...args])});
fs.writeFileSync(file, '{"by":"us"}');`;
  const kept = () => readdir(env.TMPDIR);

  test('stores what was saved, with the rest of its lifetime, and leaves no file', async () => {
    const { code, stderr } = await edit(
      `fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('1', '2'))`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'stored\n' });
    expect(await store.read('a')).toEqual({ n: 2 });
    expect(await minutesLeft('a')).toBeLessThan(60);
    expect(await kept()).toEqual([]);
  });

  test('the file is for the user alone, and VISUAL comes first', async () => {
    const mode = join(folder, 'mode');
    const program = `fs.writeFileSync(${JSON.stringify(mode)}, String(fs.statSync(file).mode & 0o777))`;
    await change(['edit', 'a'], { env: { VISUAL: await editor(folder, program), EDITOR: 'no' } });
    const expected = process.platform === 'win32' ? 0o666 : 0o600;
    expect(await readFile(mode, 'utf8')).toBe(String(expected));
  });

  test('the same again is no change', async () => {
    const before = await store.readVersion('a');
    const { code, stderr } = await edit('');
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'you changed nothing\n' });
    expect(await store.readVersion('a')).toEqual(before);
  });

  test('when somebody was faster both are shown, and the text stays', async () => {
    const { code, stdout, stderr } = await edit(theirs('set', 'a', '{"by":"them"}'));
    expect(stdout).toMatch(
      /^What is stored now:\n\{\n {2}"by": "them"\n\}\n\nWhat you saved:\n\{"by":"us"\}\n$/,
    );
    expect(code).toBe(4);
    expect(await store.read('a')).toEqual({ by: 'them' });
    const [, file = ''] = /your text is in (\S+)/.exec(stderr) ?? [];
    expect(await readFile(file, 'utf8')).toBe('{"by":"us"}');
  });

  test('when somebody removed it, it does not come back', async () => {
    const { code, stdout } = await edit(theirs('rm', 'a'));
    expect(stdout).toContain('The session is not there any more.\nWhat you saved:');
    expect(code).toBe(4);
    expect(await store.read('a')).toBeNull();
  });

  test.each([
    ['is no JSON', `fs.writeFileSync(file, '{"n":')`, 2],
    ['is no object', `fs.writeFileSync(file, '[]')`, 2],
    ['came from an editor that failed', `fs.writeFileSync(file, '{}'); process.exit(1)`, 1],
  ])('what %s is not stored, and stays', async (_, program, expected) => {
    const { code, stderr } = await edit(program);
    expect(stderr).toContain('not stored; your text is in ');
    expect(code).toBe(expected);
    expect(await kept()).toHaveLength(1);
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('an editor that fails before it saves leaves no file', async () => {
    const { code, stderr } = await edit('process.exit(1)');
    expect(stderr).toMatch(
      /^not stored: you changed nothing\nthe editor, .*, ended with code 1\n$/,
    );
    expect(code).toBe(1);
    expect(await kept()).toEqual([]);
  });

  test('one that is not there is not edited', async () => {
    expect(await edit('', ['edit', 'b'])).toMatchObject({ code: 3 });
  });
});

test('rm removes', async () => {
  await store.write('b', {});
  await store.write('c', {});
  expect(await change(['rm', 'a', 'b', 'nothing'])).toEqual({ code: 0, stdout: '', stderr: '' });
  const { stdout } = await change(['ls', '--json', '--ids']);
  expect(stdout).toBe('{"id":"c"}\n');
  expect(await change(['rm', '--json'], { input: stdout })).toMatchObject({
    code: 0,
    stderr: '1 session removed\n',
  });
  expect(await store.all()).toEqual([]);
  expect(await change(['rm'])).toMatchObject({ code: 2 });
  expect(await change(['rm', 'a', '--json'])).toMatchObject({ code: 2 });
});

test('rm --json tells of a line that is none, and removes the others', async () => {
  await store.write('b', {});
  const input = '{"id":"a"}\nsecret\n{"id":""}\n{"id":"b"}\n';
  const { code, stderr } = await change(['rm', '--json'], { input });
  expect(stderr).toMatch(/^line 2 is no JSON.*\nline 3: .*(INVALID_ID).*\n2 sessions removed\n$/);
  expect(stderr).not.toContain('secret');
  expect(code).toBe(3);
  expect(await store.all()).toEqual([]);
});

test('touch tells of a session that is corrupt, and goes on', async () => {
  await store.write('b', {});
  const hash = hashId('b');
  await writeFile(join(folder, 'bot', hash.slice(0, 2), `${hash}.json`), 'x');
  const { code, stderr } = await change(['touch', 'b', 'a', '--expires-in', '7']);
  expect(stderr).toMatch(/^b: .*CORRUPT.*\n$/);
  expect(code).toBe(3);
  expect(await minutesLeft('a')).toBeLessThan(7);
});

test('touch starts the lifetime anew', async () => {
  expect(await change(['touch', 'a'])).toMatchObject({ code: 0 });
  expect(await minutesLeft('a')).toBeGreaterThan(525_000);
  await change(['touch', 'a', '--expires-in', '7']);
  expect(await minutesLeft('a')).toBeLessThan(7);
  await writeFile(join(folder, 'sessions.config.mjs'), 'export default { expiresIn: 9 }');
  await change(['touch', 'a']);
  expect(await minutesLeft('a')).toBeGreaterThan(7);
  expect(await minutesLeft('a')).toBeLessThan(9);
  expect(await change(['touch', 'a', 'b'])).toMatchObject({
    code: 3,
    stderr: 'there is no session b\n',
  });
  expect(await store.read('a')).toEqual({ n: 1 });
});

test('clear removes what begins so, and asks', async () => {
  for (const id of ['ab', 'b']) await store.write(id, {});
  expect(await change(['clear'])).toMatchObject({ code: 2 });
  expect(await change(['clear', '--prefix', ''])).toMatchObject({ code: 2 });
  expect(await change(['clear', '--prefix', 'a', '--all'])).toMatchObject({ code: 2 });
  expect(await change(['clear', '--prefix', 'a'], { input: 'y\n' })).toMatchObject({
    code: 2, // a pipe is nobody who can be asked
    stderr: expect.stringContaining('--yes'),
  });
  expect(await store.all()).toHaveLength(3);
  expect(await change(['clear', '--prefix', 'a', '--yes'])).toMatchObject({
    code: 0,
    stderr: '2 sessions removed\n',
  });
  expect(await change(['clear', '--all', '--yes'])).toMatchObject({ code: 0 });
  expect(await store.all()).toEqual([]);
});
