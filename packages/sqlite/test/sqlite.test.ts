import { spawnSync } from 'node:child_process';
import { readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { SqliteSessionStore } from '../src/index.ts';

async function newPath(): Promise<string> {
  return join(await temporaryFolder(), 'sessions.db');
}

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('one file, its owner alone may open, and nothing beside it once it is closed', async () => {
  const folder = await temporaryFolder();
  const store = new SqliteSessionStore(join(folder, 'sessions.db'));
  await store.write('a', {});
  for (const name of await readdir(folder)) {
    const { mode } = await stat(join(folder, name));
    if (process.platform !== 'win32')
      expect({ name, mode: mode & 0o777 }).toEqual({ name, mode: 0o600 });
  }
  await store.close();
  expect(await readdir(folder)).toEqual(['sessions.db']);
});

test('nor where the path is a link to where nothing is yet', async () => {
  if (process.platform === 'win32') return;
  const folder = await temporaryFolder();
  await symlink('elsewhere.db', join(folder, 'link.db'));
  const store = new SqliteSessionStore(join(folder, 'link.db'));
  await store.write('a', {});
  const { mode } = await stat(join(folder, 'elsewhere.db'));
  expect(mode & 0o777).toBe(0o600);
  await store.close();
});

test('the session is text for any program that reads SQLite', async () => {
  const path = await newPath();
  const store = new SqliteSessionStore(path, 60);
  await store.write('telegram:42', { visits: 2 });
  await store.write('for ever', {}, { expiresIn: Infinity });
  await store.close();
  const other = new DatabaseSync(path);
  const rows = other.prepare(`SELECT CAST(id AS TEXT) AS id, session ->> 'visits' AS visits,
    expires_at - unixepoch() * 1000 AS lives FROM sessions ORDER BY id`);
  expect(rows.all().map((row) => ({ ...row }))).toEqual([
    { id: 'for ever', visits: null, lives: null },
    { id: 'telegram:42', visits: 2, lives: expect.any(Number) },
  ]);
  other.close();
});

test('U+0000 and lone surrogates come back whole', async () => {
  const store = new SqliteSessionStore(await newPath());
  // SQLite would end a text there, but JSON has an escape for each of them.
  const session = { 'a\0b': 'c\0d', '\ud800': '\udc00\0', '': ['\0'] };
  await store.write('a\0b', session);
  expect(await store.read('a\0b')).toEqual(session);
  expect(await store.read('a')).toBeNull();
  expect(await gathered(store.entries({ prefix: 'a\0' }))).toEqual([['a\0b', session]]);
  await store.close();
});

test('a database of the caller stays open, and may hold more than sessions', async () => {
  const database = new DatabaseSync(await newPath(), { readBigInts: true });
  database.exec('PRAGMA user_version = 7; CREATE TABLE users (name TEXT)');
  const store = new SqliteSessionStore(database, { table: 'bot_sessions' });
  await store.write('a', { n: 1 });
  expect(await store.read('a')).toEqual({ n: 1 });
  await store.close();
  const { user_version } = database.prepare('PRAGMA user_version').get() ?? {};
  expect(Number(user_version)).toBe(7);
  database.exec("INSERT INTO users VALUES ('Tim')");
  database.close();
});

test('in the middle of a transaction of the caller nothing is acknowledged, or rolled back', async () => {
  const database = new DatabaseSync(await newPath());
  const store = await new SqliteSessionStore(database).init();
  database.exec('CREATE TABLE users (name TEXT); BEGIN; INSERT INTO users VALUES (1)');
  await expect(store.write('a', {})).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    outcome: 'not-applied',
    cause: { message: expect.stringContaining('transaction') },
  });
  database.exec('COMMIT');
  await store.write('a', {});
  expect(database.prepare('SELECT count(*) AS n FROM users').get()?.n).toBe(1);
  database.close();
});

test('a database in memory, which no other process shares, is refused', async () => {
  expect(() => new SqliteSessionStore(':memory:')).toThrow('@sessions/memory');
  const store = new SqliteSessionStore(new DatabaseSync(':memory:'));
  await expect(store.init()).rejects.toThrow('journal_mode memory; it must be WAL');
});

test.each([
  ['', {}, 'path'],
  ['a\0b', {}, 'path'],
  [42, {}, 'path'],
  [null, {}, 'path'],
  ['a', { table: 'a"; DROP' }, 'table'],
  ['a', { table: 'sqlite_x' }, 'table'],
  ['a', { synchronous: 'OFF' }, 'synchronous'],
  ['a', { tabel: 'x' }, 'did you mean table?'],
])('new SqliteSessionStore(%j, %j) is refused', (path, options, message) => {
  expect(() => new SqliteSessionStore(path as never, options as never)).toThrow(message);
});

test('several tables in one file are stores of their own', async () => {
  const path = await newPath();
  const [a, b] = ['a', 'b'].map((table) => new SqliteSessionStore(path, { table }));
  await Promise.all([a?.write('x', { of: 'a' }), b?.write('x', { of: 'b' })]);
  expect([await a?.read('x'), await b?.read('x')]).toEqual([{ of: 'a' }, { of: 'b' }]);
  expect(await a?.clear()).toBe(1);
  expect(await b?.all()).toEqual([{ of: 'b' }]);
  await Promise.all([a?.close(), b?.close()]);
});

test('a table of a newer version, and one of somebody else, is refused and stays', async () => {
  const path = await newPath();
  const other = new DatabaseSync(path);
  other.exec('CREATE TABLE sessions (sid PRIMARY KEY, expired, sess)');
  await expect(new SqliteSessionStore(path).init()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    cause: { message: 'table "sessions" already exists' },
  });
  const store = await new SqliteSessionStore(path, { table: 'mine' }).init();
  await store.close();
  other.exec('UPDATE mine_schema SET version = 2');
  await expect(new SqliteSessionStore(path, { table: 'mine' }).read('a')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the table mine is of version 2, which takes a newer @sessions/sqlite',
  });
  other.close();
});

test('an id that is no text is told of, and passed over', async () => {
  const path = await newPath();
  const warnings: Error[] = [];
  const store = new SqliteSessionStore(path, {
    onWarning: (warning) => void warnings.push(warning),
  });
  await store.write('a', {});
  const other = new DatabaseSync(path);
  other.exec("UPDATE sessions SET id = x'61ff'");
  await store.write('b', {});
  expect(await gathered(store.ids())).toEqual(['b']);
  expect(await gathered(store.entries())).toEqual([['b', {}]]);
  expect(warnings).toMatchObject([{ code: 'CORRUPT' }]);
  other.close();
  await store.close();
});

test('a file whose folder is missing is an error that says so', async () => {
  const path = join(await temporaryFolder(), 'nowhere', 'sessions.db');
  await expect(new SqliteSessionStore(path).read('a')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    outcome: 'not-applied',
    cause: { message: 'unable to open database file' },
  });
});

test('a Node without node:sqlite can load the package, and is told what is missing', () => {
  const program = `
    const { SqliteSessionStore } = await import('@sessions/sqlite');
    await new SqliteSessionStore().init().catch((error) => console.log(error.message));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-experimental-sqlite', '--input-type=module', '-e', program],
    { cwd: import.meta.dirname, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const says = `@sessions/sqlite needs Node 22.13 or later, and this is ${process.version}\n`;
  expect({ stdout, stderr }).toEqual({ stdout: says, stderr: '' });
});
