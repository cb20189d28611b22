import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describe, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { FileDriver } from '../src/driver.ts';
import { FileSessionStore } from '../src/index.ts';
import { fileOf } from './support.ts';

for (const flush of [true, false]) {
  certify({
    describe,
    test,
    name: `FileSessionStore, ${flush ? 'flushed' : 'not flushed'}`,
    capabilities: { compareAndSet: 'host', survives: flush ? 'power-loss' : 'process-crash' },
    async backend() {
      const folder = await temporaryFolder();
      return {
        open: (options) => new FileSessionStore(folder, { ...options, flush }),
        driver: () => new FileDriver(folder, { flush }),
        async corrupt(id) {
          const file = fileOf(folder, id);
          const text = await readFile(file, 'utf8');
          await writeFile(file, text.slice(0, -5));
        },
        elsewhere: {
          module: new URL('elsewhere.js', import.meta.url),
          argument: { folder, flush },
        },
        async interrupt() {
          const away = `${folder}.away`;
          await rename(folder, away);
          return async () => {
            await rm(folder, { recursive: true, force: true }); // what was made in its place
            await rename(away, folder);
          };
        },
        dispose: () => rm(folder, { recursive: true }),
      };
    },
  });
}
