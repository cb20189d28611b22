import { closeSync } from 'node:fs';
import { chmod, constants } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { writeFileAtomic } from './atomic.ts';
import { fchmod, fstat, fsync, futimes, open, writeAll } from './descriptors.ts';
import { hasCode } from './folder.ts';

const WRITE = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

let isUmaskInTheWay: boolean | undefined;

interface Content {
  readonly bytes: Buffer;
  /** The time of modification, in microseconds. */
  readonly stamp: number;
  readonly flush: boolean;
}

/**
 * Puts this in the place of the file. `check` is called when the temporary file is there, and
 * `commit` before it is put in place; what they throw calls it off.
 */
export async function replaceFile(
  file: string,
  { bytes, stamp, flush }: Content,
  check: () => Promise<unknown>,
  commit: () => void,
): Promise<void> {
  // With a mode and an owner it does not look at the old file for them.
  const options: Parameters<typeof writeFileAtomic>[2] & object = {
    mode: 0o600,
    chown: { uid: -1, gid: -1 },
    fsync: false, // done here, as nothing may be put in place when that took too long
    tmpfileCreated: async (temporary) => {
      delete options.mode; // both are right by now
      delete options.chown;
      // By its folder's path as we know it: where that leads elsewhere there is no such file.
      const descriptor = await openNew(`${dirname(file)}/${basename(temporary)}`);
      try {
        isUmaskInTheWay ??= ((await fstat(descriptor)).mode & 0o600) !== 0o600;
        // With data of its own write-file-atomic would not notice that only a part of it fits the disk.
        const permitted = isUmaskInTheWay && fchmod(descriptor, 0o600);
        await all(check(), permitted, writeAll(descriptor, bytes));
        const seconds = (stamp + 0.5) / 1e6; // to the middle, as it is rounded on its way
        await all(futimes(descriptor, seconds, seconds), flush && fsync(descriptor));
      } finally {
        closeSync(descriptor);
      }
      commit();
    },
  };
  await writeFileAtomic(file, null as unknown as string, options);
}

async function openNew(path: string): Promise<number> {
  try {
    return await open(path, WRITE);
  } catch (error) {
    if (!hasCode(error, 'EACCES')) throw error;
    await chmod(path, 0o600); // the umask is in the way
    return open(path, WRITE);
  }
}

/** Waits for all of them, also when one fails: the descriptor must not be closed under the others. */
async function all(...tasks: unknown[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
