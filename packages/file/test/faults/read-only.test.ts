import { spawnSync } from 'node:child_process';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect } from '@jest/globals';
import { testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../../src/index.ts';
import { MORTAL, run } from '../processes.ts';

const NEEDS = ['linux', 'root'] as const;
const mounted: string[] = [];

function mount(folder: string, ...words: string[]): void {
  const { status, stderr } = spawnSync('mount', [...words, folder]);
  if (status !== 0) throw new Error(String(stderr));
  if (!mounted.includes(folder)) mounted.push(folder);
}

afterEach(() => {
  for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder]);
});

async function opened(folder: string): Promise<{ store: FileSessionStore; warnings: Error[] }> {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  return { store: await new FileSessionStore(folder, { onWarning }).init(), warnings };
}

const refused = (code: string) => ({
  code: 'UNAVAILABLE',
  outcome: 'not-applied',
  cause: { code },
});

async function canBeReadOnly(store: FileSessionStore): Promise<void> {
  expect(await store.read('a')).toEqual({ n: 1 });
  expect(await store.read('none')).toBeNull();
  expect(await store.all()).toEqual([{ n: 1 }]);
  await expect(store.write('a', {})).rejects.toMatchObject(refused('EROFS'));
  await expect(store.write('none', {})).rejects.toMatchObject(refused('EROFS'));
  await expect(store.update('a', () => ({}))).rejects.toMatchObject(refused('EROFS'));
  await expect(store.destroy('a')).rejects.toMatchObject(refused('EROFS'));
  await store.destroy('none');
}

testWith(
  NEEDS,
  'a file system that becomes read-only can be read; a store that is opened then gives a warning',
  async () => {
    const disk = await temporaryFolder();
    mount(disk, '-t', 'tmpfs', 'tmpfs');
    const { store, warnings } = await opened(join(disk, 'sessions'));
    await store.write('a', { n: 1 });
    mount(disk, '-o', 'remount,ro');
    await canBeReadOnly(store);
    expect(warnings).toEqual([]);
    const late = await opened(join(disk, 'sessions'));
    await canBeReadOnly(late.store);
    expect(late.warnings).toMatchObject([{ code: 'UNAVAILABLE', cause: { code: 'EROFS' } }]);
    mount(disk, '-o', 'remount,rw');
    await late.store.write('a', { n: 2 });
    expect(await store.read('a')).toEqual({ n: 2 });
  },
  20_000,
);

testWith(
  NEEDS,
  'a copy without its locks, mounted read-only, can be read, with a warning',
  async () => {
    const folder = await temporaryFolder();
    await new FileSessionStore(folder).write('a', { n: 1 });
    await rm(join(folder, 'locks'), { recursive: true });
    mount(folder, '--bind', folder);
    mount(folder, '-o', 'remount,bind,ro');
    const copy = await opened(folder);
    await canBeReadOnly(copy.store);
    expect(copy.warnings).toMatchObject([{ code: 'UNAVAILABLE', cause: { code: 'EROFS' } }]);
  },
  20_000,
);

testWith(
  ['linux'],
  'a folder that we may only read gives a warning, and no call says that it might have changed it',
  async () => {
    const folder = await temporaryFolder();
    await new FileSessionStore(folder).write('a', { n: 1 });
    await chmod(join(folder, 'locks'), 0o500);
    const program = (again: string) => `
      const { FileSessionStore } = await import('@sessions/file');
      const { chmodSync } = await import('node:fs');
      const say = (error) => console.log(error.code, error.outcome, error.cause.code);
      const store = new FileSessionStore(${JSON.stringify(folder)}, { onWarning: say });
      console.log(JSON.stringify(await store.read('a')));
      ${again}
      for (const id of ['a', 'none']) await store.destroy(id).then(() => console.log('done'), say);
      await store.write('a', {}).catch(say);
      await store.update('a', () => null).catch(say);`;
    const no = 'UNAVAILABLE not-applied EACCES';
    expect(run(program(''), MORTAL)).toEqual([no, '{"n":1}', no, 'done', no, no]);
    const close = `chmodSync(${JSON.stringify(join(folder, 'locks'))}, 0o000);`;
    expect(run(program(close), MORTAL)).toEqual([no, '{"n":1}', no, no, no, no]);
  },
  20_000,
);
