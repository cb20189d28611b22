import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { certify } from '@sessions/conformance';
import { open } from 'lmdb';
import { LmdbSessionStore } from 'sessions-lmdb';
import { LmdbDriver } from '../dist/driver.js';

certify({
  describe,
  test,
  name: 'LmdbSessionStore',
  capabilities: { compareAndSet: 'host', survives: 'power-loss' },
  async backend() {
    const folder = await mkdtemp(join(tmpdir(), 'sessions-lmdb-'));
    return {
      open: (options) => new LmdbSessionStore(folder, options),
      driver: () => new LmdbDriver(folder),
      elsewhere: { module: new URL('elsewhere.js', import.meta.url), argument: { folder } },
      async corrupt(id) {
        const db = open({ path: folder, encoding: 'string', keyEncoding: 'binary' });
        const key = Buffer.from(id);
        await db.put(key, db.get(key).slice(0, -5));
        await db.close();
      },
      // The lock on writing, held by another process, is in lock.test.js.
      async interrupt() {
        await rename(folder, `${folder}.away`);
        return async () => {
          await rm(folder, { recursive: true, force: true }); // what was made in its place
          await rename(`${folder}.away`, folder);
        };
      },
      dispose: () => rm(folder, { recursive: true }),
    };
  },
});
