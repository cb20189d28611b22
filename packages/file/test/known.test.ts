import type { Stats } from 'node:fs';
import { lstat, readFile, utimes, writeFile } from 'node:fs/promises';
import { beforeEach, expect, test } from '@jest/globals';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../src/index.ts';
import { Known, nextStamp, stampOf } from '../src/known.ts';
import { fileOf } from './support.ts';

const record = { session: '{}', expiresAt: null, etag: 'x', history: [] };
const HOUR = 3_600_000;

let stats: Stats;

/** What is told of a real file, with some of it changed. */
function like(changes: Partial<Stats>): Stats {
  return Object.assign(Object.create(stats), stats, changes);
}

beforeEach(async () => {
  const file = `${await temporaryFolder()}/file`;
  await writeFile(file, 'text');
  stats = await lstat(file);
});

test('what was read is known while the file looks the same in every way', () => {
  const known = new Known();
  const old = like({ ctimeMs: Date.now() - HOUR });
  known.haveRead('a', record, old);
  expect(known.find('a', old)).toBe(record);
  expect(known.find('a', like({ ...old, size: 5 }))).toBeUndefined();
  expect(known.find('a', like({ ...old, mtimeMs: old.mtimeMs + 0.002 }))).toBeUndefined();
  expect(known.find('a', like({ ...old, ctimeMs: old.ctimeMs + 0.002 }))).toBeUndefined();
  expect(known.find('b', old)).toBeUndefined();
});

test('a file that changed just before it was read may change again in the same tick: it is not known', () => {
  const known = new Known();
  known.haveRead('a', record, like({ ctimeMs: Date.now() - HOUR }));
  for (const ctimeMs of [Date.now(), Date.now() - 1000, Date.now() + HOUR]) {
    known.haveRead('a', record, like({ ctimeMs }));
    expect(known.find('a', like({ ctimeMs }))).toBeUndefined();
  }
});

test('what was written is known, until the file changes after it was seen', () => {
  const known = new Known();
  known.haveWritten('a', record, stats.size, stampOf(stats));
  expect(known.find('a', stats)).toBe(record);
  expect(known.find('a', like({ ctimeMs: stats.ctimeMs + 1 }))).toBeUndefined();
});

test('stamps grow, whatever the clock does', () => {
  const future = (Date.now() + HOUR) * 1000;
  expect(nextStamp(future)).toBe(future + 1);
  expect(nextStamp(0)).toBeGreaterThan((Date.now() - 1000) * 1000);
});

test.each([
  ['the far future, which Node tells less exactly', 1e13 + 0.5],
  ['a whole second, as where a file system knows no later time', 2 ** 31 * 1000 - 1000],
])('a time in %s may be that of two versions: it is not known', (_, mtimeMs) => {
  const known = new Known();
  const old = like({ mtimeMs, ctimeMs: Date.now() - HOUR });
  known.haveRead('a', record, old);
  expect(known.find('a', old)).toBeUndefined();
  known.haveWritten('a', record, old.size, stampOf(old));
  expect(known.find('a', old)).toBeUndefined();
});

test('its memory is bounded, and what was used last stays', () => {
  const known = new Known();
  const megabyte = 1024 * 1024;
  for (let n = 0; n < 100; n++) {
    known.haveWritten(`${n}`, record, megabyte, n + 1);
    known.find('0', like({ size: megabyte, mtimeMs: 0.0015 }));
  }
  const kept = Array.from({ length: 100 }, (_, n) => n).filter((n) => known.has(`${n}`));
  expect(kept).toEqual([0, ...Array.from({ length: 30 }, (_, n) => 70 + n)]);
});

test('what another store writes is seen at once, also when it looks the same but for its times', async () => {
  const folder = await temporaryFolder();
  const [one, other] = [0, 1].map(() => new FileSessionStore(folder, { flush: false }));
  for (let n = 1000; n < 1200; n += 2) {
    await one?.write('a', { n });
    await other?.write('a', { n: n + 1 });
    expect(await one?.read('a')).toEqual({ n: n + 1 });
  }
});

test('what another store writes to a file from the far future is seen, and not overwritten', async () => {
  const folder = await temporaryFolder();
  const [one, other] = [0, 1].map(() => new FileSessionStore(folder, { flush: false }));
  await one?.write('a', { n: 1000 });
  await utimes(fileOf(folder, 'a'), 1e10, 1e10);
  for (let n = 1001; n < 1020; n++) {
    const store = n % 2 === 0 ? one : other;
    expect(await store?.update('a', (session) => ({ n: session?.n + 1 }))).toEqual({ n });
  }
});

test('each version is later than the one before, in a file from the future too', async () => {
  const folder = await temporaryFolder();
  const store = new FileSessionStore(folder, { flush: false });
  const file = fileOf(folder, 'a');
  let before = 0;
  for (let n = 0; n < 50; n++) {
    await store.write('a', { n });
    const stamp = stampOf(await lstat(file));
    expect(stamp).toBeGreaterThan(before);
    before = stamp;
    if (n === 10) {
      before = (Date.now() + HOUR) * 1000;
      await utimes(file, (before + 0.5) / 1e6, (before + 0.5) / 1e6);
    }
  }
  expect(await store.read('a')).toEqual({ n: 49 });
});

test('a file that is changed by hand is read again', async () => {
  const folder = await temporaryFolder();
  const [one, other] = [0, 1].map(() => new FileSessionStore(folder, { flush: false }));
  const file = fileOf(folder, 'a');
  for (let n = 10; n < 60; n++) {
    await other?.write('a', { n });
    const text = await readFile(file);
    await one?.write('a', { n: 99 });
    await one?.read('a');
    await writeFile(file, text);
    expect(await one?.read('a')).toEqual({ n });
  }
});
