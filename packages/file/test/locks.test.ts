import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { again } from '../../../tooling/calls.ts';
import { testWith } from '../../../tooling/processes.ts';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../src/index.ts';
import { startWorker } from './processes.ts';
import { fileOf } from './support.ts';

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

function flagOf(id: string, { since, lease, pid, start, realm }: Owner): string {
  return `${hashId(id)}.${since}-${lease}-${pid}-${start}-${realm}-0123456789abcdef`;
}

/** Leaves the flag of an owner there, and a temporary file of its. */
async function leave(owner: Owner, id = 'a'): Promise<{ flag: string; temporary: string }> {
  const flag = join(folder, 'locks', flagOf(id, owner));
  const temporary = `${fileOf(folder, id)}.123`;
  await mkdir(dirname(temporary), { recursive: true });
  await writeFile(flag, '');
  await writeFile(temporary, 'half a sess');
  return { flag, temporary };
}

function nothingIsLeft({ flag, temporary }: { flag: string; temporary: string }): void {
  expect({ flag: existsSync(flag), temporary: existsSync(temporary) }).toEqual({
    flag: false,
    temporary: false,
  });
}

describe('the lock of an owner that is gone is taken at once', () => {
  testWith(
    ['linux'],
    'its pid is not in use',
    async () => {
      const worker = startWorker('count', folder, {}, ['b', 1]);
      await worker.ended;
      const left = await leave({ ...(await me()), pid: worker.pid });
      await store.write('a', { n: 1 });
      nothingIsLeft(left);
    },
    20_000,
  );

  testWith(
    ['linux'],
    'its pid is in use again, by another process',
    async () => {
      const owner = await me();
      const left = await leave({ ...owner, start: `${Number(owner.start) - 1}` });
      await store.write('a', { n: 1 });
      nothingIsLeft(left);
    },
    20_000,
  );

  test('its lease is over', async () => {
    const lease = { since: Date.now() - 1001, lease: 1000 };
    const left = await leave({ ...lease, pid: process.pid, start: '1', realm: 'elsewhere' });
    await store.update('a', () => ({ n: 1 }));
    nothingIsLeft(left);
  });

  test('it is from the future, as the clock was turned back', async () => {
    const lease = { since: Date.now() + LONG, lease: LONG };
    const left = await leave({ ...lease, pid: process.pid, start: '1', realm: 'elsewhere' });
    await store.destroy('a');
    expect(await store.read('a')).toBeNull();
    nothingIsLeft(left);
  });

  test.each(['a file', 'a folder', 'a link', 'a pipe'])('it is %s of nobody', async (what) => {
    const outside = await temporaryFolder();
    await mkdir(join(outside, 'unknown'));
    const flag = join(folder, 'locks', `${hashId('a')}.unknown`);
    if (what === 'a file') await writeFile(flag, '');
    else if (what === 'a folder') await mkdir(join(flag, 'inner'), { recursive: true });
    else if (what === 'a link') await symlink(outside, flag);
    else spawnSync('mkfifo', [flag]);
    await store.write('a', { n: 1 });
    expect(await store.read('a')).toEqual({ n: 1 });
    expect(await readdir(join(folder, 'locks'))).toEqual(['reserve', 'source']);
    expect(await readdir(outside)).toEqual(['unknown']);
  });

  test('it is half taken away: the rest goes, too, before anything is done', async () => {
    const { flag, temporary } = await leave(await me());
    await rename(flag, `${flag}~`);
    await store.write('a', { n: 1 });
    nothingIsLeft({ flag: `${flag}~`, temporary });
  });
});

describe('the lock of an owner that may live', () => {
  testWith(
    ['linux'],
    'is left to it: TIMEOUT, and nothing changed; reading goes on',
    async () => {
      const { flag, temporary } = await leave(await me());
      const hasty = await new FileSessionStore(folder, { timeout: 3000 }).init();
      const late = expect.objectContaining({ code: 'TIMEOUT', outcome: 'not-applied' });
      const calls = [
        () => hasty.write('a', { n: 1 }),
        () => hasty.destroy('a'),
        () => hasty.update('a', () => ({ n: 1 })),
      ];
      // On a busy machine the end of the time may pass unseen, but not each time.
      const refused = calls.map((call) => again(() => expect(call()).rejects.toEqual(late)));
      await Promise.all(refused);
      expect(await hasty.read('a')).toEqual({ n: 0 });
      expect(await hasty.all()).toEqual([{ n: 0 }]);
      await hasty.write('b', { n: 1 }); // other sessions do not mind
      expect(await readFile(temporary, 'utf8')).toBe('half a sess');
      await rm(flag);
      await hasty.write('a', { n: 1 });
    },
    60_000,
  );

  test('is taken from one that nobody can look at when its lease is over', async () => {
    const until = Date.now() + 500;
    const lease = { since: Date.now(), lease: 500 };
    await leave({ ...lease, pid: 1, start: '1', realm: 'elsewhere' });
    await store.write('a', { n: 1 });
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(await store.read('a')).toEqual({ n: 1 });
  });
});

test('opening a store removes what owners that are gone have left, and nothing else', async () => {
  const gone = { since: 1, lease: 1, pid: 1, start: '1', realm: 'elsewhere' };
  const alive = { ...gone, since: Date.now(), lease: LONG };
  const locks = join(folder, 'locks');
  const left = await leave(gone, 'gone');
  const removal = join(locks, flagOf('removed', gone));
  await mkdir(removal);
  await writeFile(join(removal, 'removed'), '');
  const kept = await leave(alive, 'alive');
  await writeFile(join(locks, 'a stranger'), '');
  await new FileSessionStore(folder).init();
  nothingIsLeft(left);
  const names = [flagOf('alive', alive), 'a stranger', 'reserve', 'source'];
  expect((await readdir(locks)).sort()).toEqual(names.sort());
  expect(existsSync(kept.temporary)).toBe(true);
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
    expect(await readdir(join(folder, 'locks'))).toEqual(['reserve', 'source']);
    expect(await readdir(reserve)).toEqual(what === 'a folder' ? ['stranger'] : []);
    expect(await late.read('a')).toEqual({ n: 0 });
    await late.destroy('a');
  });
});
