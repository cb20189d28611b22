import { copyFile, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { testWith } from '../../../tooling/processes.ts';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { encode } from '../src/format.ts';
import { FileSessionStore } from '../src/index.ts';
import { MORTAL, run, startWorker } from './processes.ts';
import { fileOf } from './support.ts';

const CORRUPT = expect.objectContaining({ code: 'CORRUPT', idHash: hashId('a') });

let folder: string;
let store: FileSessionStore;
let file: string;

beforeEach(async () => {
  folder = join(await temporaryFolder(), 'deep', 'sessions');
  store = new FileSessionStore(folder);
  file = fileOf(folder, 'a');
});

async function everything(at: string): Promise<string[]> {
  const found = await readdir(at, { recursive: true });
  return found.filter((name) => !/^(locks|\.store-)/.test(name)).sort();
}

test('a session is one JSON file, in a folder named after the start of its hash', async () => {
  await new FileSessionStore(folder, { now: () => 0, expiresIn: 1 }).write('a', {
    nickname: 'Ada',
  });
  expect(await everything(folder)).toEqual(['ca', `ca/${hashId('a')}.json`]);
  const text = await readFile(file, 'utf8');
  expect(text.split('\n').map((line) => line.split(':')[0])).toEqual([
    '{',
    ...['version', 'checksum', 'id', 'etag', 'history', 'expiresAt', 'session'].map(
      (key) => `  "${key}"`,
    ),
    '}',
    '',
  ]);
  expect(JSON.parse(text)).toEqual({
    version: 1,
    checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    id: 'a',
    etag: expect.any(String),
    history: [],
    expiresAt: 60_000,
    session: { nickname: 'Ada' },
  });
});

testWith(
  ['linux'],
  'folders are 0700 and files 0600, whatever the umask',
  async () => {
    for (const umask of ['0', '077', '0777']) {
      const at = join(folder, umask);
      const within = [...MORTAL, 'sh', '-c', `umask ${umask}; exec "$0" "$@"`];
      const worker = startWorker('count', at, {}, ['a', 2], { within });
      await worker.ended;
      expect(worker.lines).toEqual(['acknowledged', 'acknowledged']);
      for (const path of ['.', 'locks', 'ca', `ca/${hashId('a')}.json`]) {
        const { mode } = await lstat(join(at, path));
        expect(`${path} ${(mode & 0o777).toString(8)}`).toBe(
          `${path} ${path.endsWith('.json') ? 600 : 700}`,
        );
      }
    }
  },
  30_000,
);

test('hostile ids are ordinary, and stay in the folder', async () => {
  const ids = [
    '../../x',
    '/etc/passwd',
    '..',
    '.',
    'a/b',
    'CON',
    'a\0b',
    '\n',
    'A',
    'a',
    'a:b',
    '%2e',
    '__proto__',
    'locks',
    'é'.repeat(512),
  ];
  for (const id of ids) await store.write(id, { id });
  for (const id of ids) expect(await store.read(id)).toEqual({ id });
  for (const name of await everything(folder)) {
    expect(name).toMatch(/^([0-9a-f]{2})(\/\1[0-9a-f]{62}\.json)?$/);
  }
  expect(await readdir(dirname(folder))).toEqual(['sessions']);
  for (const id of ids) await store.destroy(id);
  expect(await store.all()).toEqual([]);
});

describe('a file that is not what was written is CORRUPT, and left as it is', () => {
  const refused = async () => {
    await expect(store.read('a')).rejects.toEqual(CORRUPT);
  };

  test('any bit flipped', async () => {
    await store.write('a', { n: 1 });
    const good = await readFile(file);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(file, bad);
      await refused();
    }
    await writeFile(file, good);
    expect(await store.read('a')).toEqual({ n: 1 });
  }, 60_000);

  test('cut off anywhere, or longer', async () => {
    await store.write('a', { n: 1 });
    const good = await readFile(file);
    for (let length = 0; length < good.length; length++) {
      await writeFile(file, good.subarray(0, length));
      await refused();
    }
    await writeFile(file, Buffer.concat([good, Buffer.from('\n')]));
    await refused();
  }, 60_000);

  const foreign = { session: '{}', etag: 'x', history: [], expiresAt: null };
  test.each([
    ['of another id', () => encode('b', foreign)],
    ['of a newer format', () => encode('a', foreign).replace('"version": 1', '"version": 2')],
    ['empty', () => ''],
    ['zeros', () => '\0'.repeat(4096)],
    ['other JSON', () => '{"n":1}'],
    ['written by a tool', () => JSON.stringify(JSON.parse(encode('a', foreign)))],
    ['no record', () => encode('a', { ...foreign, history: 5 as unknown as string[] })],
  ])('%s', async (_what, text) => {
    await store.write('a', { n: 1 });
    await store.write('other', { n: 2 });
    await writeFile(file, text());
    const warnings: unknown[] = [];
    const listing = new FileSessionStore(folder, { onWarning: (each) => warnings.push(each) });
    for (let round = 0; round < 2; round++) {
      await refused();
      await expect(store.write('a', { n: 3 })).rejects.toEqual(CORRUPT);
      await expect(store.update('a', () => ({ n: 3 }))).rejects.toEqual(CORRUPT);
      expect(await listing.all()).toEqual([{ n: 2 }]);
      expect(await listing.prune()).toBe(0);
      expect(await readFile(file, 'utf8')).toBe(text());
    }
    expect(warnings).toEqual([CORRUPT, CORRUPT, CORRUPT, CORRUPT]);
    await store.destroy('a');
    expect(await store.read('a')).toBeNull();
    await store.write('a', { n: 3 });
    expect(await listing.all()).toHaveLength(2);
  });

  test('a session that is no object, though its checksum is right', async () => {
    await store.write('a', { n: 1 });
    const record = { session: '{}', expiresAt: null, etag: 'x', history: [] };
    for (const wrong of [
      { session: '[1]' },
      { session: '' },
      { etag: 5 },
      { expiresAt: 'never' },
    ]) {
      await writeFile(file, encode('a', { ...record, ...wrong } as never));
      await expect(store.read('a')).rejects.toEqual(CORRUPT);
      await expect(store.write('a', { n: 2 })).rejects.toEqual(CORRUPT);
    }
  });

  test('a newer format is named', async () => {
    await store.write('a', {});
    await writeFile(file, '{\n  "version": 7,\n  "new": true\n}\n');
    await expect(store.read('a')).rejects.toHaveProperty(
      'cause.message',
      expect.stringContaining('version 7'),
    );
  });

  test('in the wrong folder, or under a name of its own, is listed as such', async () => {
    await store.write('a', { n: 1 });
    await mkdir(join(folder, '00'));
    await copyFile(file, join(folder, '00', `${hashId('a')}.json`));
    await copyFile(file, join(folder, 'ca', 'copy.json'));
    await writeFile(join(folder, 'bb'), 'no folder');
    const warnings: unknown[] = [];
    const listing = new FileSessionStore(folder, { onWarning: (each) => warnings.push(each) });
    expect(await listing.all()).toEqual([{ n: 1 }]);
    expect(warnings).toHaveLength(3);
    for (const warning of warnings) expect(warning).toMatchObject({ code: 'CORRUPT' });
  });
});

test('where no folder can be made every call says so, at once', async () => {
  const blocked = join(await temporaryFolder(), 'file');
  await writeFile(blocked, '');
  for (const nowhere of ['/dev/null/x', blocked, join(blocked, 'x', 'y'), '/proc/x/y']) {
    const none = new FileSessionStore(nowhere, { timeout: 20_000 });
    const started = performance.now();
    await expect(none.init()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: expect.anything(),
    });
    await expect(none.read('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(none.write('a', {})).rejects.toMatchObject({ outcome: 'not-applied' });
    expect(performance.now() - started).toBeLessThan(10_000);
  }
});

test("files of Bottender's own store are not read, and there is a warning, once", async () => {
  await mkdir(folder, { recursive: true });
  for (const id of ['telegram:42', 'console:1', 'a']) {
    await writeFile(join(folder, `${id}.json`), JSON.stringify({ id, secret: 'secret' }));
  }
  await writeFile(join(folder, 'notes.txt'), '');
  const warnings: Error[] = [];
  const old = new FileSessionStore(folder, { onWarning: (warning) => void warnings.push(warning) });
  expect(await old.read('a')).toBeNull();
  await old.write('a', { n: 1 });
  expect(await old.all()).toEqual([{ n: 1 }]);
  expect(warnings).toHaveLength(1);
  const { message } = warnings[0] as Error;
  expect(message).toMatch(/^3 .*'Coming from Bottender' in the README of @sessions\/file$/);
  expect(message).not.toMatch(/telegram|console|secret/);
  expect(await readdir(folder)).toContain('telegram:42.json');
});

test('many calls at once need few open files', async () => {
  await store.write('a', { n: 1 });
  const program = `
    const { FileSessionStore } = await import('@sessions/file');
    const store = new FileSessionStore(${JSON.stringify(folder)}, { timeout: 60000, flush: false });
    const ids = Array.from({ length: 2000 }, (_, n) => 'id:' + n);
    await Promise.all(ids.map((id) => store.write(id, { id })));
    const all = await Promise.all(ids.map((id) => store.read(id)));
    console.log(all.filter(({ id }, n) => id === ids[n]).length);
    const lists = Array.from({ length: 50 }, () => store.all());
    await Promise.all([...lists, ...ids.map((id) => store.destroy('none:' + id))]);`;
  expect(run(program, ['sh', '-c', 'ulimit -n 100; exec "$0" "$@"'])).toEqual(['2000']);
}, 60_000);

test('a destroy that was given up while others were read is not done later', async () => {
  const patient = new FileSessionStore(folder, { timeout: 30_000, flush: false });
  const text = 'x'.repeat(7_000_000);
  await Promise.all(['a', 'b', 'c'].map((id) => patient.write(id, { text })));
  await patient.write('victim', { n: 'old' });
  const busy = await new FileSessionStore(folder, { timeout: 300, flush: false }).init();
  const reads = Array.from({ length: 150 }, (_, n) => busy.read('abc'[n % 3] as string));
  const given = expect(busy.destroy('victim')).rejects.toMatchObject({ code: 'TIMEOUT' });
  const all = Promise.allSettled(reads);
  await given;
  await patient.write('victim', { n: 'new' });
  await all;
  await busy.close();
  // Whatever waited behind the reads has had its turn once this comes to its own.
  const last = Array.from({ length: 40 }, () => patient.read('a'));
  await Promise.all(last);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await patient.read('victim')).toEqual({ n: 'new' });
}, 60_000);

test('the lifetime in minutes may be the second argument', async () => {
  const minutes = new FileSessionStore(folder, 10 / 60);
  await minutes.write('a', { n: 1 });
  const { expiresAt } = JSON.parse(await readFile(file, 'utf8'));
  expect(expiresAt - Date.now()).toBeGreaterThan(8000);
  expect(expiresAt - Date.now()).toBeLessThanOrEqual(10_000);
});

test('wrong arguments are refused by name', () => {
  const refused = (error: new () => Error, name: string, ...args: unknown[]) => {
    const make = () => new FileSessionStore(...(args as [string]));
    expect(make).toThrow(error);
    expect(make).toThrow(name);
  };
  refused(TypeError, 'dirname', 5);
  refused(TypeError, 'dirname', null);
  refused(RangeError, 'dirname', '');
  refused(RangeError, 'dirname', 'a\0b');
  refused(TypeError, 'flush', folder, { flush: 'yes' });
  refused(TypeError, 'flush', folder, { flush: null });
  refused(RangeError, 'expiresIn', folder, 0);
  refused(TypeError, 'expiresIn', folder, null);
});

test('a relative dirname without a working directory is an error that says so', async () => {
  const gone = JSON.stringify(await temporaryFolder());
  const program = `
    const { FileSessionStore } = await import('@sessions/file');
    const { rmdirSync } = await import('node:fs');
    process.chdir(${gone});
    rmdirSync(${gone});
    for (const dirname of ['sessions', undefined]) {
      try {
        new FileSessionStore(dirname);
      } catch ({ code, message, cause }) {
        console.log(code, message.includes('working directory'), cause.code);
      }
    }
    await new FileSessionStore(${JSON.stringify(folder)}).write('a', {});
    console.log('done');`;
  const no = 'UNAVAILABLE true ENOENT';
  expect(run(program)).toEqual([no, no, 'done']);
}, 20_000);

test('capabilities say what survives', () => {
  expect(store.capabilities).toEqual({ compareAndSet: 'host', survives: 'power-loss' });
  const fast = new FileSessionStore(folder, { flush: false });
  expect(fast.capabilities).toEqual({ compareAndSet: 'host', survives: 'process-crash' });
});
