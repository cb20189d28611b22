import { readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../src/index.ts';
import type { Lock } from '../src/lock.ts';
import { openFolder } from '../src/open.ts';
import { fileOf } from './support.ts';

const NAME = hashId('a');
const AT_ONCE = 0; // the lease is over as soon as the lock is held, as if its owner was paused for long
const GONE = expect.objectContaining({ code: 'ENOENT' });

let folder: string;
let store: FileSessionStore;
let opened: Awaited<ReturnType<typeof openFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await new FileSessionStore(folder).init();
  await store.write('a', { n: 0 });
  // By another name: write-file-atomic has writers of one process wait for each other.
  const link = join(await temporaryFolder(), 'link');
  await symlink(folder, link);
  opened = await openFolder(link, true, 1e6, () => {});
});

async function taken(toRemove = false): Promise<Lock> {
  const lock = await opened.locks.take(NAME, AT_ONCE, toRemove);
  if (!lock) throw new Error('it is not free');
  return lock;
}

function write(lock: Lock, check: () => Promise<unknown>): Promise<void> {
  const late = { session: '{"n":99}', expiresAt: null, etag: 'late', history: [] };
  return opened.sessions.write('a', { ...lock, check }, late, null, true, () => {});
}

async function nothingIsLeft(n: number): Promise<void> {
  expect(await store.read('a')).toEqual({ n });
  expect(await readdir(dirname(fileOf(folder, 'a')))).toEqual([`${NAME}.json`]);
  expect(await readdir(join(folder, 'locks'))).toEqual(['reserve', 'source']);
}

test('a writer that lost its lock before its last look at it writes nothing', async () => {
  const lock = await taken();
  await store.write('a', { n: 1 });
  await expect(write(lock, lock.check)).rejects.toEqual(GONE);
  await lock.release(false);
  await nothingIsLeft(1);
});

test('a writer that loses its lock after its last look at it has nothing to put in place', async () => {
  const lock = await taken();
  let files: string[] = [];
  const check = async () => {
    await lock.check();
    files = await readdir(dirname(fileOf(folder, 'a')));
    await store.write('a', { n: 1 });
  };
  await expect(write(lock, check)).rejects.toEqual(GONE);
  expect(files).toHaveLength(2); // its temporary file was there
  await lock.release(false);
  await nothingIsLeft(1);
});

test('one that removes has no place to put the session', async () => {
  const lock = await taken(true);
  await store.write('a', { n: 1 });
  await expect(opened.sessions.remove(NAME, lock.path)).rejects.toEqual(GONE);
  await lock.release(true);
  await nothingIsLeft(1);
});

test('a late release takes no lock from others', async () => {
  const lock = await taken();
  const next = await opened.locks.take(NAME, 60_000, false);
  await lock.release(true);
  await lock.release(false);
  expect(await opened.locks.take(NAME, 60_000, false)).toBeUndefined();
  await next?.check();
  await next?.release(true);
  await nothingIsLeft(0);
});

test('of many who want a lock at once, at most one has it at any time', async () => {
  let holders = 0;
  let times = 0;
  const want = async () => {
    for (let n = 0; n < 20; ) {
      const lock = await opened.locks.take(NAME, 60_000, n % 2 === 1);
      if (!lock) continue;
      expect(++holders).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
      await lock.release(true);
      times++;
      n++;
    }
  };
  await Promise.all(Array.from({ length: 5 }, want));
  expect(times).toBe(100);
}, 30_000);
