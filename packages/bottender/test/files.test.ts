import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { FileSessionStore as BottenderFiles } from 'bottender';
import { type Migrated, migrate } from '../src/index.ts';
import { countIn, countingBot } from './counting-bot.ts';
import { node, project, run } from './support.ts';

const MINUTE = 60_000;
const none: Migrated = { copied: 0, kept: 0, expired: 0, problems: 0 };

/** A project with Bottender's sessions of these chats, as a bot of its wrote them. */
async function botOf(...chats: number[]): Promise<string> {
  const folder = await project('@sessions/file');
  const store = new BottenderFiles(join(folder, '.sessions'));
  const send = countingBot(store);
  for (const chat of chats) await send(chat);
  return folder;
}

const ours = (folder: string) => new FileSessionStore(folder, { onWarning: () => {} });

test('what a bot of Bottender stored is moved, whole, and the bot goes on with it', async () => {
  const folder = await botOf(42, 42, 43);
  expect(await run(folder, 'migrate', 'file:./.sessions', 'file:./new')).toEqual({
    code: 0,
    stdout: '2 copied, 0 there already, 0 expired, 0 not understood\n',
    stderr: '',
  });
  const store = ours(join(folder, 'new'));
  for (const id of ['telegram:42', 'telegram:43']) {
    const old = JSON.parse(await readFile(join(folder, `.sessions/${id}.json`), 'utf8'));
    expect(await store.readVersion(id)).toMatchObject({ session: old, expiresAt: null });
    expect(old).toMatchObject({ id, platform: 'telegram', lastActivity: expect.any(Number) });
  }
  await countingBot(store)(42);
  expect(await countIn(store, 'telegram:42')).toBe(3);
});

test('into the folder that Bottender uses, too', async () => {
  const folder = await botOf(42);
  expect((await run(folder, 'migrate', 'file:.sessions', 'file')).code).toBe(0);
  expect(await countIn(ours(join(folder, '.sessions')), 'telegram:42')).toBe(1);
  expect((await run(folder, 'migrate', 'file:.sessions', 'file')).stdout).toContain('0 copied, 1 ');
});

test('each keeps what is left of its lifetime; without one it never ends', async () => {
  const folder = await botOf(1, 2, 3);
  const file = (n: number) => join(folder, `.sessions/telegram:${n}.json`);
  const at = Date.parse('2026-11-01T00:00:00Z');
  for (const [n, minutes] of [
    [1, 0],
    [2, 59],
    [3, 61],
  ] as const) {
    const session = JSON.parse(await readFile(file(n), 'utf8'));
    await writeFile(file(n), JSON.stringify({ ...session, lastActivity: at - minutes * MINUTE }));
  }
  const options = { folder, expiresIn: 60, now: () => at };
  const migrated = await migrate('file:./.sessions', `file:${folder}/new`, options);
  expect(migrated).toEqual({ ...none, copied: 2, expired: 1 });
  const store = new FileSessionStore(join(folder, 'new'), { now: () => at });
  expect((await store.readVersion('telegram:1'))?.expiresAt).toBeCloseTo(
    Date.now() + 60 * MINUTE,
    -5,
  );
  expect(await store.read('telegram:3')).toBeNull();
});

test('an old file without a time of its last activity never ends, as in Bottender', async () => {
  const folder = await project('@sessions/file');
  await mkdir(join(folder, '.sessions'));
  await writeFile(join(folder, '.sessions/console:1.json'), '{"_state":{"n":2}}');
  await migrate('file:.sessions', `file:${folder}/new`, { folder, expiresIn: 1 });
  const found = await ours(join(folder, 'new')).readVersion('console:1');
  expect(found).toMatchObject({ session: { _state: { n: 2 } }, expiresAt: null });
});

test('a dry run counts, and makes and changes nothing', async () => {
  const folder = await botOf(42, 43);
  await writeFile(join(folder, '.sessions/telegram:44.json'), '{"id":"telegram:44');
  const files = () => Promise.all([folder, join(folder, '.sessions')].map((each) => readdir(each)));
  const before = await files();
  expect(await run(folder, 'migrate', '--dry-run', 'file:./.sessions', 'file:./new')).toEqual({
    code: 2,
    stdout: '2 to copy, 0 expired, 1 not understood; nothing was written\n',
    stderr: 'telegram:44.json: it is no JSON object\n',
  });
  expect(await files()).toEqual(before);
});

test('run again it copies what is missing, and overwrites nothing', async () => {
  const folder = await botOf(42, 43);
  const store = ours(join(folder, 'new'));
  const newer = { id: 'telegram:42', _state: { count: 77 } };
  await store.write('telegram:42', newer);
  const move = () => migrate('file:.sessions', `file:${folder}/new`, { folder });
  expect(await move()).toEqual({ ...none, copied: 1, kept: 1 });
  expect(await move()).toEqual({ ...none, kept: 2 });
  expect(await store.read('telegram:42')).toEqual(newer);
  expect(await countIn(store, 'telegram:43')).toBe(1);
});

test('what is no session is told of, and stays; the others are moved', async () => {
  const folder = await botOf(42);
  const old = join(folder, '.sessions');
  await mkdir(join(old, 'folder.json'));
  await writeFile(join(old, 'cut.json'), '{"id":"cu');
  await writeFile(join(old, 'empty.json'), '');
  await writeFile(join(old, 'list.json'), '[]');
  await writeFile(join(old, 'null.json'), 'null');
  await writeFile(join(old, 'copy.json'), '{"id":"telegram:42"}');
  await writeFile(join(old, 'telegram@9.json'), '{"id":"telegram:9"}'); // as on Windows
  await writeFile(join(old, 'number.json'), '{"id":9}');
  await writeFile(join(old, 'deep.json'), `${'{"a":'.repeat(1002)}1${'}'.repeat(1002)}`);
  await writeFile(join(old, 'telegram:42.json7b5f.tmp'), '{"id'); // what a crash leaves
  const { code, stdout, stderr } = await run(folder, 'migrate', 'file:.sessions', 'file:new');
  expect({ code, stdout }).toEqual({
    code: 2,
    stdout: '2 copied, 0 there already, 0 expired, 8 not understood\n',
  });
  expect(stderr.trim().split('\n').sort()).toEqual([
    'copy.json: the id in it is of another file',
    'cut.json: it is no JSON object',
    'deep: the session refers to itself, or is nested more than 1000 deep (INVALID_SESSION)',
    'empty.json: it is no JSON object',
    'folder.json: it is no file',
    'list.json: it is no JSON object',
    'null.json: it is no JSON object',
    'number.json: the id in it is of another file',
  ]);
  expect(await ours(join(folder, 'new')).read('telegram:9')).toEqual({ id: 'telegram:9' });
  expect(await readFile(join(old, 'cut.json'), 'utf8')).toBe('{"id":"cu');
});

test('a session that is corrupt where it should go stays there, and is told of', async () => {
  const folder = await botOf(42);
  const store = ours(join(folder, 'new'));
  await store.write('telegram:42', { good: true });
  const files = await readdir(join(folder, 'new'), { recursive: true });
  const file = join(folder, 'new', files.find((name) => name.endsWith('.json')) ?? '');
  await writeFile(file, 'broken');
  const told: string[] = [];
  const onProblem = ({ name, problem }: { name: string; problem: string }) =>
    void told.push(`${name} ${problem}`);
  await migrate('file:.sessions', `file:${folder}/new`, { folder, onProblem });
  expect(told).toEqual([expect.stringMatching(/^telegram:42 .*\(CORRUPT\)$/)]);
  expect(await readFile(file, 'utf8')).toBe('broken');
});

test('progress is told of each thousand', async () => {
  const folder = await project('@sessions/file');
  await mkdir(join(folder, '.sessions'));
  for (let n = 0; n < 2100; n++) {
    await writeFile(join(folder, `.sessions/telegram:${n}.json`), `{"id":"telegram:${n}"}`);
  }
  const { stderr } = await run(folder, 'migrate', '--dry-run', 'file:.sessions', 'file:new');
  expect(stderr).toMatch(/^… 10\d\d to copy, .*\n… 20\d\d to copy, .*\n$/);
});

test('a run that is killed is gone on with', async () => {
  const folder = await project('@sessions/file');
  await mkdir(join(folder, '.sessions'));
  const count = 300;
  for (let n = 0; n < count; n++) {
    await writeFile(join(folder, `.sessions/telegram:${n}.json`), `{"id":"telegram:${n}"}`);
  }
  const index = new URL('../dist/index.js', import.meta.url).href;
  const killed = `
    import { migrate } from '${index}';
    const onProgress = ({ copied }) => copied > 100 && process.kill(process.pid, 'SIGKILL');
    await migrate('file:.sessions', 'file:./new', { onProgress });`;
  expect((await node(folder, '--input-type=module', '--eval', killed)).code).toBeNull();
  const { copied, kept } = await migrate('file:.sessions', `file:${folder}/new`, { folder });
  expect(kept).toBeGreaterThan(100);
  expect(copied).toBeGreaterThan(0);
  expect(copied + kept).toBe(count);
  expect(await ours(join(folder, 'new')).all()).toHaveLength(count);
}, 60_000);

test('a file that was cut off: Bottender starts over, and here the bot is told', async () => {
  const folder = await botOf(42, 42);
  const old = join(folder, '.sessions/telegram:42.json');
  await writeFile(old, (await readFile(old, 'utf8')).slice(0, -5));
  await countingBot(new BottenderFiles(join(folder, '.sessions')))(42);
  expect(JSON.parse(await readFile(old, 'utf8'))._state.count).toBe(1);

  const store = ours(join(folder, 'new'));
  await countingBot(store)(42);
  const files = await readdir(join(folder, 'new'), { recursive: true });
  const file = join(folder, 'new', files.find((name) => name.endsWith('.json')) ?? '');
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, -5));
  await expect(countingBot(ours(join(folder, 'new')))(42)).rejects.toMatchObject({
    code: 'CORRUPT',
  });
});

test('what is listed, and lifetimes of 0, as the README tells', async () => {
  const folder = await botOf(42);
  const session = JSON.parse(await readFile(join(folder, '.sessions/telegram:42.json'), 'utf8'));
  const old = new BottenderFiles(join(folder, '.sessions'), 0);
  expect(await old.all()).toEqual({ 'telegram:42': session });
  const store = ours(join(folder, 'new'));
  await store.write('telegram:42', session);
  expect(await store.all()).toEqual([session]);
  expect(() => new FileSessionStore(folder, 0)).toThrow(RangeError);
});
