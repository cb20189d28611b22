import { chmod, constants, writeFile } from 'node:fs/promises';
import { writeFileAtomic } from './atomic.ts';

const WRITE = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/** Writes the text to a new file of this name, through a temporary one beside it. */
export async function writeNew(file: string, text: string, flush: boolean): Promise<void> {
  // With data of its own write-file-atomic would not notice that only a part of it fits the disk.
  await writeFileAtomic(file, null as unknown as string, {
    mode: 0o600,
    fsync: flush,
    tmpfileCreated: async (temporary) => {
      await chmod(temporary, 0o600); // whatever the umask
      await writeFile(temporary, text, { flag: WRITE });
    },
  });
}
