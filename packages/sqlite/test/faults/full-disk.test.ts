import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { report, testWith } from '../../../../tooling/processes.ts';
import { SqliteSessionStore } from '../../src/index.ts';
import { disk } from './disks.ts';

const FULL = expect.objectContaining({
  code: 'UNAVAILABLE',
  outcome: 'not-applied',
  cause: expect.objectContaining({ message: 'database or disk is full' }),
});
const text = (n: number, size: number) => ({ n, text: 'x'.repeat(size) });

testWith(
  ['linux', 'root'],
  'a full disk refuses what does not fit, keeps what was there, and lets it be read',
  async () => {
    const folder = await disk('size=2m');
    const path = join(folder, 'sessions.db');
    await writeFile(join(folder, 'other'), Buffer.alloc(512 * 1024));
    const store = await new SqliteSessionStore(path).init();
    let written = 0;
    for (; ; written++) {
      const error = await store.write(`id:${written}`, text(written, 20_000)).catch((e) => e);
      if (error === undefined) continue;
      expect(error).toEqual(FULL);
      break;
    }
    expect(written).toBeGreaterThan(10);
    await writeFile(join(folder, 'rest'), Buffer.alloc(2 * 1024 * 1024)).catch(() => {});
    for (const size of [20_001, 300_000]) {
      await expect(store.write('id:0', text(-1, size))).rejects.toEqual(FULL);
      await expect(store.update('id:1', () => text(-1, size))).rejects.toEqual(FULL);
    }
    for (const reader of [store, new SqliteSessionStore(path)]) {
      for (let n = 0; n < written; n++) {
        expect(await reader.read(`id:${n}`)).toEqual(text(n, 20_000));
      }
      expect(await reader.read(`id:${written}`)).toBeNull();
      expect(await reader.all()).toHaveLength(written);
    }
    await rm(join(folder, 'rest'));
    await rm(join(folder, 'other'));
    await store.destroy('id:0');
    await store.write('id:1', text(-2, 10_000));
    expect(await store.read('id:0')).toBeNull();
    expect(await store.read('id:1')).toEqual(text(-2, 10_000));
    await store.close();
    report(`a full disk: ${written} sessions on it, 5 writes refused; lost or cut off: 0`);
  },
);

testWith(
  ['linux', 'root'],
  'of what is written at once, what does not fit fails alone',
  async () => {
    const path = join(await disk('size=2m'), 'sessions.db');
    const store = await new SqliteSessionStore(path).init();
    const sizes = [10, 3_000_000, 20, 4_000_000, 30];
    const all = sizes.map((size, n) => store.write(`id:${n}`, text(n, size)));
    const ended = await Promise.allSettled(all);
    expect(ended.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect((ended[1] as PromiseRejectedResult).reason).toEqual(FULL);
    for (const [n, size] of sizes.entries()) {
      expect(await store.read(`id:${n}`)).toEqual(size < 100 ? text(n, size) : null);
    }
    await store.close();
  },
);
