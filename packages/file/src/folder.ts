import { closeSync } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fsync, open } from './descriptors.ts';

/** What a file system says that has no room for more. */
export const FULL: readonly string[] = ['ENOSPC', 'EDQUOT'];

/** Makes the folder and those above it, where they are missing, and so that a power cut spares them. */
export async function makeFolders(path: string, flush: boolean): Promise<void> {
  const above = dirname(path);
  try {
    await makeFolder(path).catch(ignore('EEXIST'));
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || above === path) throw error;
    // Not `recursive`: Node never settles that where nothing can be made, as in /proc.
    await makeFolders(above, flush);
    await makeFolder(path).catch(ignore('EEXIST'));
  }
  if (flush) await flushFolder(above).catch(ignore('EACCES', 'EPERM', 'EINVAL')); // not ours, perhaps
}

/** Makes a folder inside one of ours, unless it is there. A symbolic link will not do. */
export async function makeInnerFolder(path: string): Promise<void> {
  await makeFolder(path).catch(ignore('EEXIST'));
  if (!(await lstat(path)).isDirectory()) throw new Error(`${basename(path)} is not a folder`);
}

let isUmaskInTheWay: boolean | undefined;

/** Makes a folder that nobody else may enter, whatever the umask; fails if something is there. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, 0o700);
  isUmaskInTheWay ??= ((await lstat(path)).mode & 0o700) !== 0o700;
  if (isUmaskInTheWay) await chmod(path, 0o700);
}

/** Makes the names in a folder survive a power cut. Windows knows no such thing. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await fsync(folder);
  } finally {
    closeSync(folder);
  }
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');
}

/** For `catch`: passes over errors with these codes. */
export function ignore(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!hasCode(error, ...codes)) throw error;
  };
}

/** For `catch` of `readdir`: what is not there has nothing in it. */
export function noneIfAbsent(error: unknown): [] {
  ignore('ENOENT')(error);
  return [];
}
