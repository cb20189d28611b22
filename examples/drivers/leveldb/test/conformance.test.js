import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { certify } from '@sessions/conformance';
import { LeveldbSessionStore } from 'sessions-leveldb';
import { LeveldbDriver } from '../dist/driver.js';

certify({
  describe,
  test,
  name: 'LeveldbSessionStore',
  capabilities: { compareAndSet: 'process', survives: 'power-loss' },
  async backend() {
    const folder = await mkdtemp(join(tmpdir(), 'sessions-leveldb-'));
    return {
      open: (options) => new LeveldbSessionStore(folder, options),
      driver: () => new LeveldbDriver(folder),
      async corrupt(id) {
        const driver = new LeveldbDriver(folder);
        await driver.open();
        const { db } = driver.handle;
        await db.put(id, (await db.get(id)).slice(0, -5));
        await driver.close();
      },
      dispose: () => rm(folder, { recursive: true }),
    };
  },
});
