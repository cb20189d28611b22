import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from '@jest/globals';
import type { FullSessionStore } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';

/** Declares the tests once with empty stores in memory, and once with some on files. */
export function onEachStore(declare: (open: () => FullSessionStore) => void): void {
  describe('in memory', () => declare(() => new MemorySessionStore()));

  describe('on files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-express-'));
    const opened: FileSessionStore[] = [];
    afterAll(async () => {
      for (const store of opened) await store.close();
      rmSync(folder, { recursive: true, force: true });
    });
    declare(() => {
      const store = new FileSessionStore(join(folder, String(opened.length)));
      opened.push(store);
      return store;
    });
  });
}
