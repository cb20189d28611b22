import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type FullSessionStore, hashId, type Version } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { FAILING, SMALL } from './strangers.ts';
import { allOf, project, run, start } from './support.ts';

jest.setTimeout(60_000); // on a busy machine

// Windows knows no Ctrl-C from another process.
const stopped = process.platform === 'win32' ? test.skip : test;

let folder: string;

beforeEach(async () => {
  folder = await project('@sessions/file');
});

const open = (name: string) => new FileSessionStore(join(folder, name), { flush: false });

async function versionsIn(store: FullSessionStore): Promise<Map<string, Version>> {
  return new Map(await allOf(store.versions()));
}

/** The second store has all of the first, with lifetimes that differ by less than a minute. */
async function expectSame(from: FullSessionStore, to: FullSessionStore): Promise<void> {
  const [before, after] = [await versionsIn(from), await versionsIn(to)];
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  for (const [id, { session, expiresAt }] of before) {
    const copied = after.get(id);
    expect(copied?.session).toEqual(session);
    if (expiresAt === null) expect(copied?.expiresAt).toBeNull();
    else expect(Math.abs((copied?.expiresAt ?? 0) - expiresAt)).toBeLessThan(60_000);
  }
}

async function fill(store: FullSessionStore): Promise<void> {
  await store.write(
    'telegram:1',
    { text: 'ü\u0000\u001b', __proto__: { a: 1 } },
    { expiresIn: 10 },
  );
  await store.write('telegram:2', JSON.parse('{"__proto__":{"a":[1,null]},"1":"b"}'));
  await store.write('slack:1', {}, { expiresIn: Infinity });
  await store.write('weird\n\u001b', { n: 1.5 });
}

const fileOf = (id: string) => `${hashId(id).slice(0, 2)}/${hashId(id)}.json`;

describe('copy', () => {
  test('copies what is not there yet, with what is left of lifetimes', async () => {
    await using from = open('from');
    await using to = open('to');
    await fill(from);
    const args = ['copy', './from', './to'];
    expect(await run(folder, [...args, '--dry-run'])).toMatchObject({
      code: 0,
      stderr: '4 sessions to copy, 0 there already, 0 refused\n',
    });
    expect(await readdir(folder)).not.toContain('to');
    expect(await run(folder, [...args, '--prefix', 'telegram:'])).toMatchObject({
      code: 0,
      stderr: '2 sessions copied, 0 there already, 0 refused\n',
    });
    await to.write('slack:1', { newer: true }, { expiresIn: Infinity });
    expect(await run(folder, [...args, '--dry-run'])).toMatchObject({
      stderr: '1 session to copy, 3 there already, 0 refused\n',
    });
    expect(await run(folder, args)).toMatchObject({
      code: 0,
      stderr: '1 session copied, 3 there already, 0 refused\n',
    });
    expect(await to.read('slack:1')).toEqual({ newer: true });
    await from.write('slack:1', { newer: true }, { expiresIn: Infinity });
    await expectSame(from, to);
  });

  stopped.each(['SIGINT', 'SIGTERM'] as const)(
    'after %s the rest is copied by another run',
    async (signal) => {
      await using from = open('from');
      await using to = open('to');
      const ids = Array.from({ length: 300 }, (_, n) => `telegram:${n}`);
      await Promise.all(ids.map((id) => from.write(id, { id })));
      const running = start(folder, ['copy', './from', './to']);
      for (;;) {
        const there = await readdir(join(folder, 'to')).catch(() => []);
        if (there.filter((name) => name.length === 2).length > 20) break;
      }
      running.kill(signal);
      const { code, stderr } = await running.ended;
      expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
      const [, copied = ''] =
        /^([\d,]+) sessions copied, 0 there already, 0 refused\nrun it again/.exec(stderr) ?? [];
      const done = Number(copied.replace(',', ''));
      expect(done).toBeLessThan(300);
      expect(await to.all()).toHaveLength(done);
      expect(await run(folder, ['copy', './from', './to'])).toMatchObject({ code: 0 });
      await expectSame(from, to);
    },
  );

  test('corrupt sessions stay behind, and it says so', async () => {
    await using from = open('from');
    await fill(from);
    const [shard = ''] = (await readdir(join(folder, 'from'))).filter((name) => name.length === 2);
    const [file = ''] = await readdir(join(folder, 'from', shard));
    await writeFile(join(folder, 'from', shard, file), 'x');
    const { code, stderr } = await run(folder, ['copy', './from', './to']);
    expect(stderr).toContain('3 sessions copied');
    expect(stderr).toContain(file.replace('.json', ''));
    expect(code).toBe(3);
  });

  test('what <to> does not take is listed, the rest is copied, and it says so', async () => {
    await writeFile(join(folder, 'small.mjs'), SMALL);
    await using from = open('from');
    await using to = open('to');
    await fill(from);
    await from.write('large\n', { text: 'x'.repeat(200) });
    const args = ['copy', './from', './small.mjs:./to'];
    const first = await run(folder, args);
    expect(first.stdout).toBe(
      'TOO_LARGE  "large\\n"  the session is larger than 100 bytes of JSON text\n',
    );
    expect(first.stderr).toBe('4 sessions copied, 0 there already, 1 refused\n');
    expect(first.code).toBe(3);

    await to.clear({ prefix: 'telegram:' });
    const file = join(folder, 'to', fileOf('slack:1'));
    await writeFile(file, 'x');
    for (const more of [['--dry-run'], []]) {
      const { code, stdout, stderr } = await run(folder, [...args, ...more]);
      expect(stdout).toMatch(/^CORRUPT {2}slack:1 {2}\w/m);
      const counts = more[0] ? '3 sessions to copy, 1 there' : '2 sessions copied, 1 there';
      expect(stderr).toMatch(new RegExp(`^${counts} already, ${more[0] ? 1 : 2} refused\n`, 'm'));
      expect(code).toBe(3);
    }
    expect(await readFile(file, 'utf8')).toBe('x');
  });

  test('when <to> fails it stops, and says that the rest is left', async () => {
    await writeFile(join(folder, 'failing.mjs'), FAILING);
    await using from = open('from');
    const ids = Array.from({ length: 100 }, (_, n) => `telegram:${n}`);
    await Promise.all(ids.map((id) => from.write(id, {})));
    const { code, stdout, stderr } = await run(folder, ['copy', './from', './failing.mjs:./to']);
    expect(stderr).toMatch(
      /^20 sessions copied, 0 there already, 0 refused\nrun it again for the rest\n/,
    );
    expect(stderr).toContain('(UNAVAILABLE)');
    expect([code, stdout]).toEqual([1, '']);
  });

  test.each([
    [['./from', './from'], 'both stores are the same'],
    [['./from', './to', '--store', './other'], 'copy takes two stores, and no --store'],
    [['./from'], "missing required argument 'to'"],
  ])('copy %j is a mistake', async (args, message) => {
    const { code, stderr } = await run(folder, ['copy', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('export and import', () => {
  test('bring all to another store, through a file or a pipe', async () => {
    await using from = open('from');
    await using to = open('to');
    await using piped = open('piped');
    await fill(from);
    const out = ['--output', 'all.ndjson'];
    expect(await run(folder, ['export', ...out, '-s', './from'])).toMatchObject({
      code: 0,
      stderr: '4 sessions exported\n',
    });
    expect((await stat(join(folder, 'all.ndjson'))).mode & 0o777).toBe(0o600);
    const { stdout } = await run(folder, ['export', '-s', './from']);
    const lines = (text: string) => text.trimEnd().split('\n').sort();
    expect(lines(stdout)).toEqual(lines(await readFile(join(folder, 'all.ndjson'), 'utf8')));

    expect(await run(folder, ['import', 'all.ndjson', '--dry-run', '-s', './to'])).toMatchObject({
      code: 1, // there is no folder yet, and none is made
    });
    expect(await run(folder, ['import', 'all.ndjson', '-s', './to'])).toMatchObject({
      code: 0,
      stderr: '4 sessions imported, 0 there already, 0 expired, 0 refused\n',
    });
    await expectSame(from, to);
    await run(folder, ['import', '-', '-s', './piped'], { input: stdout });
    await expectSame(from, piped);
  });

  test('what is there stays, unless asked', async () => {
    await using to = open('to');
    await to.write('a', { newer: true });
    const input = '{"id":"a","session":{},"expiresAt":null}\n{"id":"b","session":{}}\n';
    const args = ['import', '-s', './to'];
    expect(await run(folder, [...args, '--dry-run'], { input })).toMatchObject({
      stderr: '1 session to import, 1 there already, 0 expired, 0 refused\n',
    });
    expect(await run(folder, args, { input })).toMatchObject({
      stderr: '1 session imported, 1 there already, 0 expired, 0 refused\n',
    });
    expect(await to.read('a')).toEqual({ newer: true });
    await run(folder, [...args, '--overwrite'], { input });
    expect(await to.readVersion('a')).toMatchObject({ session: {}, expiresAt: null });
  });

  test('what is no session is told by its line, and all else goes on', async () => {
    const lines = [
      '{"id":"a","session":{},"expiresAt":5}',
      'secret text',
      '{"id":"","session":{}}',
      '',
      '{"id":"b","session":[]}',
      '{"id":"c"}',
      '{"id":7,"session":{}}',
      '{"id":"d","session":{},"expiresAt":"soon"}',
      '{"id":"e","session":{}}',
    ];
    const input = lines.join('\r\n');
    const { code, stderr } = await run(folder, ['import', '-s', './to'], { input });
    expect(stderr).toContain('1 session imported, 0 there already, 1 expired, 6 refused\n');
    for (const line of [2, 3, 5, 6, 7, 8])
      expect(stderr).toMatch(new RegExp(`^line ${line}\\b`, 'm'));
    expect(stderr).not.toContain('secret');
    expect(code).toBe(3);
    await using to = open('to');
    expect(await allOf(to.ids())).toEqual(['e']);
  });

  stopped('an export that is stopped leaves the older file as it was, and no other', async () => {
    await using from = open('from');
    const ids = Array.from({ length: 300 }, (_, n) => `telegram:${n}`);
    await Promise.all(ids.map((id) => from.write(id, {})));
    await mkdir(join(folder, 'out'));
    await writeFile(join(folder, 'out/all.ndjson'), 'older');
    const running = start(folder, ['export', '-o', 'out/all.ndjson', '-s', './from']);
    while ((await readdir(join(folder, 'out'))).length < 2) await nextTurn();
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await readFile(join(folder, 'out/all.ndjson'), 'utf8')).toBe('older');
    expect(await readdir(join(folder, 'out'))).toEqual(['all.ndjson']);
    const { code } = await run(folder, ['export', '-o', 'no/all.ndjson', '-s', './from']);
    expect(code).toBe(1);
  });
});
