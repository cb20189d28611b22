import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect } from '@jest/globals';
import { report, testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../../src/index.ts';

const NEEDS = ['linux', 'root'] as const;
const mounted: string[] = [];

async function smallDisk(options: string): Promise<string> {
  const folder = await temporaryFolder();
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  if (status !== 0) throw new Error(String(stderr));
  mounted.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder]);
});

const FULL = expect.objectContaining({ code: 'UNAVAILABLE', outcome: 'not-applied' });
const text = (n: number, size: number) => ({ n, text: 'x'.repeat(size) });

testWith(
  NEEDS,
  'a full disk refuses what does not fit, keeps what was there, and lets it be read and removed',
  async () => {
    const disk = await smallDisk('size=512k');
    const folder = join(disk, 'sessions');
    const store = await new FileSessionStore(folder).init();
    let written = 0;
    for (; ; written++) {
      const isTooMuch = await store.write(`id:${written}`, text(written, 20_000)).then(
        () => false,
        (error) => {
          expect(error).toEqual(FULL);
          expect(error.cause.code).toBe('ENOSPC');
          return true;
        },
      );
      if (isTooMuch) break;
    }
    expect(written).toBeGreaterThan(5);
    await writeFile(join(disk, 'rest'), Buffer.alloc(512 * 1024)).catch(() => {});
    // Larger by a little, by a lot, and of the same size.
    for (const size of [20_001, 300_000, 20_000]) {
      await expect(store.write('id:0', text(-1, size))).rejects.toEqual(FULL);
      await expect(store.update('id:1', () => text(-1, size))).rejects.toEqual(FULL);
    }
    for (const reader of [store, await new FileSessionStore(folder).init()]) {
      for (let n = 0; n < written; n++) {
        expect(await reader.read(`id:${n}`)).toEqual(text(n, 20_000));
      }
      expect(await reader.read(`id:${written}`)).toBeNull();
      expect(await reader.all()).toHaveLength(written);
    }
    await store.destroy('id:0');
    expect(await store.read('id:0')).toBeNull();
    await store.write('id:1', text(-2, 10_000));
    expect(await store.read('id:1')).toEqual(text(-2, 10_000));
    report(`a full disk: ${written} sessions on it, 7 writes refused; lost or cut off: 0`);
  },
  60_000,
);

testWith(
  NEEDS,
  'without inodes nothing can be written, and all can be read, removed and pruned',
  async () => {
    const disk = await smallDisk('nr_inodes=60');
    const folder = join(disk, 'sessions');
    const clock = { now: 0 };
    const options = { expiresIn: 1, now: () => clock.now };
    const store = await new FileSessionStore(folder, options).init();
    const useUp = async () => {
      for (let n = 0; n < 100; n++) {
        const file = join(disk, `${Math.random()}`);
        if (
          !(await writeFile(file, '').then(
            () => true,
            () => false,
          ))
        )
          return;
      }
    };
    for (let n = 0; n < 8; n++) await store.write(`id:${n}`, text(n, 10));
    await useUp();
    await expect(store.write('id:0', text(-1, 10))).rejects.toEqual(FULL);
    await expect(store.write('new', text(-1, 10))).rejects.toEqual(FULL);
    await expect(store.touch('id:0')).rejects.toEqual(FULL);
    const late = await new FileSessionStore(folder, options).init();
    for (const reader of [store, late]) {
      for (let n = 0; n < 8; n++) expect(await reader.read(`id:${n}`)).toEqual(text(n, 10));
      expect(await reader.all()).toHaveLength(8);
    }
    let removed = 0;
    for (const one of [late, store, late, store]) {
      await useUp();
      await one.destroy(`id:${removed}`);
      expect(await one.read(`id:${removed++}`)).toBeNull();
      await one.destroy(`id:${removed}`);
      expect(await one.read(`id:${removed++}`)).toBeNull();
      if (removed === 4) break;
    }
    await useUp();
    expect(await store.update('id:4', () => null)).toBeNull();
    await useUp();
    clock.now = 60_000;
    expect(await new FileSessionStore(folder, options).prune()).toBe(3);
    await store.write('id:0', text(0, 10));
    expect(await store.all()).toEqual([text(0, 10)]);
    report('no inodes left: 3 writes refused, 16 reads, 5 removals and a prune done; lost: 0');
  },
  60_000,
);

testWith(
  NEEDS,
  'without inodes many removals at once are all done',
  async () => {
    const disk = await smallDisk('nr_inodes=60');
    const store = await new FileSessionStore(join(disk, 'sessions')).init();
    for (let n = 0; n < 8; n++) await store.write(`id:${n}`, { n });
    for (let n = 0; n < 60; n++) await writeFile(join(disk, `${n}`), '').catch(() => {});
    await expect(store.write('new', {})).rejects.toEqual(FULL);
    await store.clear();
    expect(await store.all()).toEqual([]);
  },
  30_000,
);

testWith(
  NEEDS,
  'a folder whose locks could not be made for want of inodes can be read',
  async () => {
    const disk = await smallDisk('nr_inodes=20');
    const folder = join(disk, 'sessions');
    await new FileSessionStore(folder).write('a', { n: 1 });
    spawnSync('rm', ['-r', join(folder, 'locks')]);
    for (let n = 0; n < 30; n++) await writeFile(join(disk, `${n}`), '').catch(() => {});
    const store = await new FileSessionStore(folder).init();
    expect(await store.read('a')).toEqual({ n: 1 });
    expect(await store.all()).toEqual([{ n: 1 }]);
    await expect(store.write('a', { n: 2 })).rejects.toMatchObject({ outcome: 'not-applied' });
  },
  30_000,
);
