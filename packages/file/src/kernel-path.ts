import { stat } from 'node:fs/promises';

/**
 * The same folder by a path that only the kernel can follow: going by its text, as `realpath` of Node
 * does, there is nothing. So write-file-atomic leaves it as it is, with the mark of the store in it. It
 * would look at each folder on the way otherwise, and follow links. Where there is no /proc it does.
 */
export async function kernelPath(folder: string): Promise<string> {
  // By text this is /task/…. In truth it is the root directory of this process, and all below it.
  const path = `/proc/thread-self/../../task/${process.pid}/root${folder}`;
  const [one, other] = await Promise.all([stat(folder), stat(path).catch(() => undefined)]);
  return other && one.ino === other.ino && one.dev === other.dev ? path : folder;
}
