import { spawnSync } from 'node:child_process';
import { afterEach } from '@jest/globals';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';

const mounted: string[] = [];

/** Mounts at the folder, and again with other words to remount. */
export function mount(folder: string, ...words: string[]): void {
  const { status, stderr } = spawnSync('mount', [...words, folder]);
  if (status !== 0) throw new Error(String(stderr));
  if (!mounted.includes(folder)) mounted.push(folder);
}

/** A disk of its own, gone after the test. */
export async function disk(options: string): Promise<string> {
  const folder = await temporaryFolder();
  mount(folder, '-t', 'tmpfs', '-o', options, 'tmpfs');
  return folder;
}

afterEach(() => {
  for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder]);
});
