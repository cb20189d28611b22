import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { FileSessionStore } from '../src/index.ts';
import { startWorker, testWith } from './processes.ts';
import { temporaryFolder } from './support.ts';

const LONG = 3_600_000;

let folder: string;
let store: FileSessionStore;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await new FileSessionStore(folder).init();
  await store.write('a', { n: 0 });
});

interface Owner {
  since: number;
  lease: number;
  pid: number;
  start: string;
  realm: string;
}

/** Where the lock of the id `a` is. */
function place(): string {
  return join(folder, 'locks', hashId('a'));
}

/** This very process, as an owner that has the lock for an hour. */
async function me(): Promise<Owner> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  const namespace = await readlink('/proc/self/ns/pid');
  const stat = await readFile('/proc/self/stat', 'utf8');
  return {
    since: Date.now(),
    lease: LONG,
    pid: process.pid,
    start: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '',
    realm: `${boot.replace(/[^0-9a-f]/g, '')}.${namespace.replace(/\D/g, '')}`,
  };
}

/** Leaves a lock there, with a temporary file in it. */
async function leave(at: string, { since, lease, pid, start, realm }: Owner): Promise<void> {
  const name = `${since}-${lease}-${pid}-${start}-${realm}-0123456789abcdef`;
  await mkdir(join(at, name), { recursive: true });
  await writeFile(join(at, name, 'session.json.123'), 'half a sess');
}

describe('the lock of an owner that is gone is taken at once', () => {
  testWith(
    ['linux'],
    'its pid is not in use',
    async () => {
      const worker = startWorker('count', folder, {}, ['b', 1]);
      await worker.ended;
      await leave(place(), { ...(await me()), pid: worker.pid });
      await store.write('a', { n: 1 });
      expect(existsSync(place())).toBe(false);
    },
    20_000,
  );

  testWith(
    ['linux'],
    'its pid is in use again, by another process',
    async () => {
      const owner = await me();
      await leave(place(), { ...owner, start: `${Number(owner.start) - 1}` });
      await store.write('a', { n: 1 });
      expect(existsSync(place())).toBe(false);
    },
    20_000,
  );

  test('its lease is over', async () => {
    const lease = { since: Date.now() - 1001, lease: 1000 };
    await leave(place(), { ...lease, pid: process.pid, start: '1', realm: 'elsewhere' });
    await store.update('a', () => ({ n: 1 }));
    expect(existsSync(place())).toBe(false);
  });

  test('it is from the future, as the clock was turned back', async () => {
    const lease = { since: Date.now() + LONG, lease: LONG };
    await leave(place(), { ...lease, pid: process.pid, start: '1', realm: 'elsewhere' });
    await store.destroy('a');
    expect(await store.read('a')).toBeNull();
  });

  test.each(['a file', 'an empty folder', 'an unknown folder'])('it is %s', async (what) => {
    if (what === 'a file') await writeFile(place(), '');
    else
      await mkdir(join(place(), what === 'an empty folder' ? '' : 'unknown'), { recursive: true });
    await store.write('a', { n: 1 });
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('it is a link, and what it leads to stays', async () => {
    const outside = await temporaryFolder();
    await mkdir(join(outside, 'unknown'));
    await symlink(outside, place());
    await store.write('a', { n: 1 });
    expect(await readdir(outside)).toEqual(['unknown']);
  });
});

describe('the lock of an owner that may live', () => {
  testWith(
    ['linux'],
    'is left to it: TIMEOUT, and nothing changed; reading goes on',
    async () => {
      await leave(place(), await me());
      const hasty = await new FileSessionStore(folder, { timeout: 3000 }).init();
      const late = expect.objectContaining({ code: 'TIMEOUT', outcome: 'not-applied' });
      await Promise.all([
        expect(hasty.write('a', { n: 1 })).rejects.toEqual(late),
        expect(hasty.destroy('a')).rejects.toEqual(late),
        expect(hasty.update('a', () => ({ n: 1 }))).rejects.toEqual(late),
      ]);
      expect(await hasty.read('a')).toEqual({ n: 0 });
      expect(await hasty.all()).toEqual([{ n: 0 }]);
      await hasty.write('b', { n: 1 }); // other sessions do not mind
      await rm(place(), { recursive: true });
      await hasty.write('a', { n: 1 });
    },
    20_000,
  );

  test('is taken from one that nobody can look at when its lease is over', async () => {
    const until = Date.now() + 500;
    const lease = { since: Date.now(), lease: 500 };
    await leave(place(), { ...lease, pid: 1, start: '1', realm: 'elsewhere' });
    await store.write('a', { n: 1 });
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(await store.read('a')).toEqual({ n: 1 });
  });
});

test('opening a store removes what owners that are gone have left, and nothing else', async () => {
  const gone = { since: 1, lease: 1, pid: 1, start: '1', realm: 'elsewhere' };
  const alive = { ...gone, since: Date.now(), lease: LONG };
  const locks = join(folder, 'locks');
  const key = (owner: Owner) => {
    const { since, lease, pid, start, realm } = owner;
    return `${since}-${lease}-${pid}-${start}-${realm}-0123456789abcdef`;
  };
  await leave(join(locks, hashId('gone')), gone);
  await leave(join(locks, key(gone)), gone);
  await leave(join(locks, hashId('alive')), alive);
  await leave(join(locks, key(alive)), alive);
  const torn = key({ ...gone, since: 2 });
  await mkdir(join(locks, torn, 'reserve'), { recursive: true }); // killed as it took the reserve
  await writeFile(join(locks, 'a stranger'), '');
  await new FileSessionStore(folder).init();
  const left = await readdir(locks);
  expect(left.sort()).toEqual([hashId('alive'), key(alive), 'a stranger', 'reserve'].sort());
  expect(await readdir(join(locks, hashId('alive'), key(alive)))).toEqual(['session.json.123']);
});

describe('in the place of the reserve', () => {
  test.each(['a link', 'a file', 'a folder', 'an empty folder'])('%s', async (what) => {
    const outside = await temporaryFolder();
    const reserve = join(folder, 'locks', 'reserve');
    await rm(reserve, { recursive: true });
    if (what === 'a link') await symlink(outside, reserve);
    else if (what === 'a file') await writeFile(reserve, '');
    else await mkdir(join(reserve, what === 'a folder' ? 'stranger' : ''), { recursive: true });
    const late = await new FileSessionStore(folder).init();
    expect(await readdir(outside)).toEqual([]);
    expect(await readdir(join(folder, 'locks'))).toEqual(['reserve']);
    expect(await readdir(reserve)).toEqual([what === 'a folder' ? 'stranger' : 'reserve']);
    expect(await late.read('a')).toEqual({ n: 0 });
    await late.destroy('a');
  });
});
