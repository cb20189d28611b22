import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { SqliteDriver } from '../src/driver.ts';
import { SqliteSessionStore } from '../src/index.ts';

for (const synchronous of ['FULL', 'NORMAL'] as const) {
  // Windows moves no folder with a file in it that is open.
  const canMove = process.platform !== 'win32';
  const away = synchronous === 'FULL' && canMove ? 'moved' : 'locked';
  certify({
    describe,
    test,
    name: `SqliteSessionStore, ${synchronous}; when it is away it is ${away}`,
    capabilities: {
      compareAndSet: 'host',
      survives: synchronous === 'FULL' ? 'power-loss' : 'process-crash',
    },
    async backend() {
      const folder = await temporaryFolder();
      const path = join(folder, 'sessions.db');
      return {
        open: (options) => new SqliteSessionStore(path, { ...options, synchronous }),
        driver: () => new SqliteDriver(path, { synchronous }),
        elsewhere: {
          module: new URL('elsewhere.js', import.meta.url),
          argument: { path, synchronous },
        },
        corrupt(id) {
          const database = new DatabaseSync(path);
          const cut = 'UPDATE sessions SET session = substr(session, 1, length(session) - 5)';
          database.prepare(`${cut} WHERE id = ?`).run(Buffer.from(id));
          database.close();
        },
        interrupt: () => (away === 'moved' ? move(folder) : lock(path)),
        dispose: () => rm(folder, { recursive: true }),
      };
    },
  });
}

async function move(folder: string) {
  await rename(folder, `${folder}.away`);
  return async () => {
    await rm(folder, { recursive: true, force: true }); // what was made in its place
    await rename(`${folder}.away`, folder);
  };
}

function lock(path: string) {
  const database = new DatabaseSync(path);
  database.exec('BEGIN IMMEDIATE');
  return () => database.close();
}
