import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { isSoak, report } from '../../../tooling/processes.ts';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { SqliteSessionStore } from '../src/index.ts';
import { startWorker } from './processes.ts';

// Far more text than the process that lists it may have memory.
const LARGE = isSoak ? 200 : 40;
const LENGTH = 8_000_000;
const MANY = isSoak ? 1_000_000 : 100_000;

async function newPath(): Promise<string> {
  return join(await temporaryFolder(), 'sessions.db');
}

async function gathered(ids: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const id of ids) all.push(id);
  return all;
}

/** Rows as a store writes them, of which every other one has expired in 1970. */
function fill(path: string, count: number): void {
  const database = new DatabaseSync(path);
  database.exec(`BEGIN; WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n LIMIT ${count})
    INSERT INTO sessions SELECT CAST(printf('id:%08d', n) AS BLOB), 'etag', '[]',
    iif(n % 2, 1, NULL), 0, '{}' FROM n; COMMIT`);
  database.close();
}

test('large sessions are listed in bounded memory', async () => {
  const path = await newPath();
  const store = new SqliteSessionStore(path, { synchronous: 'NORMAL' });
  const text = 'x'.repeat(LENGTH);
  for (let n = 0; n < LARGE; n++) await store.write(`id:${n}`, { text });
  await store.close();
  const worker = startWorker('list', path, {}, [], {
    env: { NODE_OPTIONS: '--max-old-space-size=64' },
  });
  await worker.ended;
  expect(worker.lines).toEqual([`listed ${LARGE}`]);
  report(`${LARGE} sessions of ${LENGTH / 1e6} MB each listed with 64 MB of heap`);
}, 300_000);

test('a prefix is a range of bytes', async () => {
  const store = new SqliteSessionStore(await newPath(), { synchronous: 'NORMAL' });
  const ids = ['a', 'a%', 'a%b', 'a_', 'aa', 'A%', 'a\u{10ffff}', 'a\u{10ffff}b', 'b', 'é', 'a\0'];
  for (const id of ids) await store.write(id, {});
  for (const prefix of ['', 'a', 'a%', 'a_', 'A', 'a\u{10ffff}', 'a\0', 'é', 'z']) {
    const expected = ids.filter((id) => id.startsWith(prefix));
    expect((await gathered(store.ids({ prefix }))).sort()).toEqual(expected.sort());
  }
  await store.close();
});

test('no id is passed over where a page ends', async () => {
  const store = new SqliteSessionStore(await newPath(), { synchronous: 'NORMAL' });
  // Each is the very next one in the order of bytes.
  const ids = Array.from({ length: 450 }, (_, n) => `a${'\0'.repeat(n)}`);
  await Promise.all(ids.map((id) => store.write(id, {})));
  expect(await gathered(store.ids())).toEqual(ids);
  await store.close();
});

test('a listing, and prune, let all else go on between their steps', async () => {
  const path = await newPath();
  const store = await new SqliteSessionStore(path).init();
  fill(path, MANY);
  let turns = 0;
  let isOver = false;
  const counting = (async () => {
    for (; !isOver; turns++) await nextTurn();
  })();
  expect(await gathered(store.ids())).toHaveLength(MANY / 2);
  expect(turns).toBeGreaterThan(MANY / 1000);
  turns = 0;
  const started = performance.now();
  expect(await store.prune()).toBe(MANY / 2);
  const ms = Math.round(performance.now() - started);
  expect(turns).toBeGreaterThan(2);
  isOver = true;
  await counting;
  expect(await store.prune()).toBe(0);
  expect(await gathered(store.ids())).toHaveLength(MANY / 2);
  await store.close();
  report(`${MANY / 2} sessions pruned in ${ms} ms, with ${turns} turns of all else between`);
}, 300_000);

test('prune stops when it is told to', async () => {
  const path = await newPath();
  const store = await new SqliteSessionStore(path).init();
  fill(path, MANY);
  const stop = new AbortController();
  const pruning = store.prune({ signal: stop.signal });
  setImmediate(() => stop.abort(new Error('enough')));
  await expect(pruning).rejects.toThrow('enough');
  const left = await store.prune();
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(MANY / 2);
  await store.close();
}, 60_000);

test('what is written while all is listed comes once or not at all', async () => {
  const store = new SqliteSessionStore(await newPath(), { synchronous: 'NORMAL' });
  for (let n = 0; n < 500; n++) await store.write(`id:${n}`, { n });
  const seen: string[] = [];
  for await (const [id] of store.entries()) {
    seen.push(id);
    await store.write(id, { again: true });
    if (!id.endsWith('new')) await store.write(`${id}:new`, {});
  }
  expect(new Set(seen).size).toBe(seen.length);
  for (let n = 0; n < 500; n++) expect(seen).toContain(`id:${n}`);
  await store.close();
});
