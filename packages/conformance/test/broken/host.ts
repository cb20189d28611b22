import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type DriverEntry, SessionError, type SessionRecord } from '@sessions/core';
import { FolderDriver } from '../fixtures/folder-driver.js';
import { type Broken, brokenFolderDriver, type Expected } from './broken.ts';

const AWAY = 'while the backend is away every operation settles in time, truly or as an error';
const BACK = 'once the backend is back the store works again, and what it holds is true';

export const brokenHost: readonly Broken[] = [
  brokenFolderDriver(
    'takes a folder that is away for an empty one',
    [AWAY],
    class extends FolderDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        return existsSync(this.folder) ? super.get(id) : null;
      }
    },
  ),
  brokenFolderDriver(
    'lists nothing where the folder is away',
    [AWAY],
    class extends FolderDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        if (existsSync(this.folder)) yield* super.entries();
      }
    },
  ),
  brokenFolderDriver(
    'makes a new folder where it is away, and writes there',
    [BACK],
    class extends FolderDriver {
      override async put(...args: Parameters<FolderDriver['put']>): Promise<boolean> {
        if (!existsSync(this.folder)) {
          await mkdir(this.folder);
          await writeFile(this.file, '[]');
        }
        return super.put(...args);
      }
    },
  ),
  brokenFolderDriver(
    'stops the process while it waits for the lock',
    [AWAY],
    class extends FolderDriver {
      protected override async alone<T>(
        deadline: number,
        task: () => Promise<T>,
        expected: Expected,
      ): Promise<T> {
        const end = performance.now() < deadline ? deadline + 2000 : 0;
        while (existsSync(this.lock) && performance.now() < end);
        return super.alone(deadline, task, expected);
      }
    },
    'locked',
  ),
  brokenFolderDriver(
    'reads nothing while another has the lock',
    [AWAY],
    class extends FolderDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        return existsSync(this.lock) ? null : super.get(id);
      }
    },
    'locked',
  ),
  brokenFolderDriver(
    'says that nothing was changed where it was',
    [BACK],
    class extends FolderDriver {
      protected override async alone<T>(
        deadline: number,
        task: () => Promise<T>,
        expected: Expected,
      ): Promise<T> {
        if (!existsSync(this.lock)) return super.alone(deadline, task, expected);
        await task();
        throw new SessionError('TIMEOUT', 'another has the lock', { outcome: 'not-applied' });
      }
    },
    'locked',
  ),
];
