import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { SqliteSessionStore } from '../../src/index.ts';

async function locked(path: string): Promise<DatabaseSync> {
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  return other;
}

test('while another has the lock, reads go on, writes wait for it, and all else goes on', async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  const store = await new SqliteSessionStore(path).init();
  await store.write('a', { n: 0 });
  const other = await locked(path);
  let isFree = false;
  const ids = Array.from({ length: 500 }, (_, n) => `id:${n}`);
  const writes = ids.map(async (id) => {
    await store.write(id, { id });
    expect(isFree).toBe(true);
  });
  const update = store.update('a', (session) => ({ n: Number(session?.n) + 1 }));
  const turns: number[] = [];
  for (let last = performance.now(); turns.length < 100; ) {
    await pause(5);
    turns.push(performance.now() - last);
    last = performance.now();
    expect(await store.read('a')).toEqual({ n: 0 });
  }
  // Each would have been long if anybody had slept; a busy machine may spoil a few.
  expect(turns.sort((a, b) => a - b)[turns.length / 2]).toBeLessThan(25);
  isFree = true;
  other.exec('COMMIT');
  await Promise.all([...writes, update]);
  expect(await store.read('a')).toEqual({ n: 1 });
  expect(await store.all()).toHaveLength(501);
  other.close();
  await store.close();
});

test('a lock that is not free in time is a TIMEOUT, each in its own time, and nothing comes later', async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  const patient = await new SqliteSessionStore(path).init();
  const store = await new SqliteSessionStore(path, { timeout: 400 }).init();
  await store.write('a', { n: 0 });
  const other = await locked(path);
  const start = performance.now();
  const waiting = patient.write('b', {});
  const refused = { code: 'TIMEOUT', outcome: 'not-applied' };
  await Promise.all([
    expect(store.write('a', { n: 1 })).rejects.toMatchObject(refused),
    expect(store.update('a', () => ({ n: 1 }))).rejects.toMatchObject(refused),
    expect(store.destroy('a')).rejects.toMatchObject(refused),
    expect(store.prune()).rejects.toMatchObject(refused),
  ]);
  const took = performance.now() - start;
  expect(took).toBeGreaterThan(300);
  expect(took).toBeLessThan(2_000);
  other.exec('COMMIT');
  await waiting;
  await pause(50);
  expect(await store.read('a')).toEqual({ n: 0 });
  other.close();
  await Promise.all([store.close(), patient.close()]);
});

test('nothing was applied either when this process stood still at the end of the time', async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  const store = await new SqliteSessionStore(path, { timeout: 200 }).init();
  const other = await locked(path);
  const refused = { code: 'TIMEOUT', outcome: 'not-applied' };
  const calls = [
    expect(store.write('a', { n: 1 })).rejects.toMatchObject(refused),
    expect(store.update('b', () => ({ n: 1 }))).rejects.toMatchObject(refused),
  ];
  await pause(20);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  await Promise.all(calls);
  other.exec('COMMIT');
  await pause(50);
  expect(await store.all()).toEqual([]);
  other.close();
  await store.close();
});

test('init waits for the lock as well', async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  await new SqliteSessionStore(path, { table: 'others' }).init();
  const other = await locked(path);
  const hasty = new SqliteSessionStore(path, { timeout: 300 });
  await expect(hasty.init()).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'not-applied' });
  const opening = new SqliteSessionStore(path).init();
  await pause(50);
  other.exec('COMMIT');
  await (await opening).close();
  await (await hasty.init()).close();
  other.close();
});

test("where the caller's database has a timeout, nobody sleeps either, and it keeps it", async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  const database = new DatabaseSync(path, { timeout: 8_000 }); // longer than the store's
  let other = await locked(path);
  const opening = new SqliteSessionStore(database).init();
  await pause(50);
  other.exec('COMMIT');
  other.close();
  const store = await opening;
  other = await locked(path);
  const writing = store.write('a', { n: 1 });
  await pause(50);
  other.exec('COMMIT');
  await writing;
  expect({ ...database.prepare('PRAGMA busy_timeout').get() }).toEqual({ timeout: 8_000 });
  other.close();
  await store.close();
  database.close();
});
