import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
// @ts-expect-error: JavaScript without types
import { findNode } from '../../../tooling/newer-node/find.js';
import { describeWith, type Missing } from '../../../tooling/servers/find-server.ts';
import { project, run } from './support.ts';

const HOUR = 60;
const WEIRD = 'w\u001b[31m\u0000';

let folder: string;
const lastActivity = Date.now() - 3 * 3_600_000 - 1000;

beforeAll(async () => {
  folder = await project('@sessions/file');
  await using store = new FileSessionStore(join(folder, 'bot'), 30.5 * HOUR);
  await store.write('telegram:42', { id: 'telegram:42', lastActivity, _state: { n: 1 } });
  await store.write('telegram:43', { name: 'Zoë' }, { expiresIn: Infinity });
  await store.write(WEIRD, { text: '\u001b]0;title\u0007' });
});

const look = (...args: string[]) => run(folder, [...args, '--store', './bot']);

describe('ls', () => {
  test('shows size, last activity, what is left, and the id', async () => {
    const { code, stdout, stderr } = await look('ls', 'telegram:');
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toBe('    size  active   expires  id');
    expect(rows.sort()).toEqual([
      '    15 B       -     never  telegram:43',
      '    66 B      3h       30h  telegram:42',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('--json has a line for each', async () => {
    const { stdout } = await look('ls', '--json');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines.find(({ id }) => id === 'telegram:42')).toEqual({
      id: 'telegram:42',
      bytes: 66,
      lastActivity,
      expiresAt: expect.any(Number),
      etag: expect.any(String),
    });
    expect(lines.find(({ id }) => id === WEIRD)).toMatchObject({ lastActivity: null });
    expect(stdout).not.toMatch(/[^\n\P{C}]/u);
  });

  test('--ids shows nothing else', async () => {
    const { stdout } = await look('ls', '--ids');
    const ids = ['"w\\u001b[31m\\u0000"', 'telegram:42', 'telegram:43'];
    expect(stdout.trimEnd().split('\n').sort()).toEqual(ids);
  });

  test('with expiresIn in the config the last write counts as activity', async () => {
    const config = `export default { store: './bot', expiresIn: ${30.5 * HOUR} };`;
    await writeFile(join(folder, 'sessions.config.mjs'), config);
    try {
      const { stdout } = await run(folder, ['ls', '--json', 'w']);
      expect(Date.now() - JSON.parse(stdout).lastActivity).toBeLessThan(60_000);
    } finally {
      await writeFile(join(folder, 'sessions.config.mjs'), 'export default "./bot"');
    }
    expect((await run(folder, ['ls', '--ids', 'telegram:42'])).stdout).toBe('telegram:42\n');
  });
});

describe('get', () => {
  test('prints the session', async () => {
    const { code, stdout, stderr } = await look('get', 'telegram:43');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '{\n  "name": "Zoë"\n}\n',
      stderr: '',
    });
  });

  test('--json has its version and lifetime', async () => {
    expect(JSON.parse((await look('get', '--json', 'telegram:43')).stdout)).toEqual({
      id: 'telegram:43',
      session: { name: 'Zoë' },
      etag: expect.any(String),
      expiresAt: null,
    });
  });

  test('ends with 3 when there is none', async () => {
    expect(await look('get', 'telegram:44')).toEqual({
      code: 3,
      stdout: '',
      stderr: 'there is no session with this id\n',
    });
  });

  test('--escaped takes what ls shows', async () => {
    const { stdout } = await look('get', '--escaped', JSON.stringify(WEIRD));
    expect(stdout).toBe('{\n  "text": "\\u001b]0;title\\u0007"\n}\n');
    expect((await look('get', '--escaped', '"a')).code).toBe(2);
  });
});

describe('stats', () => {
  test('counts', async () => {
    const { code, stdout } = await look('stats');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^3 sessions, 112 B as JSON, 37 B each\nthe largest: 66 B, telegram:42\n/,
    );
    expect(stdout).toMatch(/ {9}2 {2}telegram:\n {10}1 {2}no colon\n/);
    expect(stdout).toMatch(/never {10}1\n/);
    expect(stdout).toMatch(/< 1 day {10}1 {2}█{40}\n/);
  });

  test('--json has all counts', async () => {
    expect(JSON.parse((await look('stats', '--json', 'telegram:')).stdout)).toMatchObject({
      sessions: 2,
      bytes: 81,
      kinds: { 'telegram:': 2 },
      sizes: { '< 100 B': 2, '< 300 B': 0 },
      lastActivity: { '< 1 hour': 0, '< 1 day': 1 },
      lastActivityUnknown: 1,
      neverExpire: 1,
    });
  });
});

describe('verify', () => {
  test('ends with 0 when all can be read', async () => {
    expect(await look('verify')).toEqual({
      code: 0,
      stdout: '',
      stderr: '3 sessions read, 0 cannot be\n',
    });
  });

  test('lists what is corrupt with its file, ends with 3, and rm removes it', async () => {
    const broken = await project('@sessions/file');
    await using store = new FileSessionStore(join(broken, 'bot'));
    for (const id of ['a', 'b', 'c']) await store.write(id, {});
    const hash = hashId('b');
    const file = `./bot/${hash.slice(0, 2)}/${hash}.json`;
    await writeFile(join(broken, file), '{"id":"b"');
    const args = ['--store', './bot'];
    const { code, stdout, stderr } = await run(broken, ['verify', ...args]);
    expect(stdout).toMatch(/^CORRUPT {2}\.\/bot\/\S+ {2}the file .*\n$/);
    expect(stdout).toContain(file);
    expect({ code, stderr }).toEqual({ code: 3, stderr: '2 sessions read, 1 cannot be\n' });
    const { stdout: json } = await run(broken, ['verify', '--json', ...args]);
    expect(JSON.parse(json)).toMatchObject({ code: 'CORRUPT', idHash: hash, file });

    const listed = await run(broken, ['ls', '--json', ...args]);
    expect(listed.code).toBe(3);
    expect(listed.stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(listed.stderr).toContain(hash);
    expect((await run(broken, ['get', 'b', ...args])).code).toBe(1);
    expect((await run(broken, ['set', 'b', '{}', ...args])).stderr).toContain('CORRUPT');
    expect((await run(broken, ['rm', 'b', ...args])).code).toBe(0);
    expect((await run(broken, ['verify', ...args])).code).toBe(0);
  });
});

test('prune removes what has expired, and tells how many', async () => {
  const old = await project('@sessions/file');
  await using store = new FileSessionStore(join(old, 'bot'), { now: () => 0 });
  for (const id of ['a', 'b']) await store.write(id, {}, { expiresIn: 1 });
  await store.write('c', {}, { expiresIn: Infinity });
  expect(await run(old, ['prune', '-s', './bot'])).toMatchObject({
    code: 0,
    stderr: '2 sessions removed\n',
  });
});

test('looking makes nothing', async () => {
  const empty = await project('@sessions/file');
  for (const args of [['ls'], ['get', 'a'], ['stats'], ['doctor'], ['rm', 'a'], ['prune']]) {
    const { code, stdout, stderr } = await run(empty, [...args, '-s', './typo']);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('there is no ');
  }
  expect(await readdir(empty)).toEqual(['node_modules']);
});

test('looking makes nothing in a folder that is no store', async () => {
  const other = await project('@sessions/file');
  for (const args of [['ls'], ['doctor'], ['rm', 'a'], ['prune']]) {
    const { code, stdout, stderr } = await run(other, [...args, '-s', '.']);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('there is no store of @sessions/file in ');
  }
  const copy = await run(folder, ['copy', './bot', other, '--dry-run']);
  expect(copy).toMatchObject({ code: 0, stderr: expect.stringContaining('3 sessions to copy') });
  expect(await readdir(other)).toEqual(['node_modules']);
});

const newer = findNode('22.13') as string | undefined;
const sqlite: { node: string } | Missing = newer ? { node: newer } : { reason: 'no Node 22.13' };
describeWith(sqlite, { describe, test }, 'in the database of another program', ({ node }) => {
  test.each(['delete', 'wal'])('of journal mode %s, looking changes nothing', async (mode) => {
    const other = await project('@sessions/sqlite');
    const sql = `PRAGMA journal_mode = ${mode}; CREATE TABLE users (id)`;
    const make = `const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync('app.db');
database.exec('${sql}');
database.close();`;
    execFileSync(node, ['-e', make], { cwd: other, stdio: 'ignore' });
    const before = await readFile(join(other, 'app.db'));
    for (const args of [['ls'], ['doctor'], ['rm', 'a'], ['prune']]) {
      const { code, stdout, stderr } = await run(other, [...args, '-s', './app.db'], { node });
      expect(code).toBe(1);
      expect(stdout + stderr).toContain('there is no table sessions in ');
    }
    expect((await readdir(other)).sort()).toEqual(['app.db', 'node_modules']);
    expect((await readFile(join(other, 'app.db'))).equals(before)).toBe(true);
    expect(await run(other, ['set', 'a', '{}', '-s', './app.db'], { node })).toMatchObject({
      code: 0,
    });
  });
});
