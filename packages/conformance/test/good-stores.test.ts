import { describe, test } from '@jest/globals';
import { DriverStore } from '@sessions/core';
import { certify } from '../src/index.ts';
import { folderBackend, HOST } from './fixtures/folder-backend.ts';
import { FolderDriver } from './fixtures/folder-driver.js';
import { MapStore } from './fixtures/map-store.ts';
import { PruningDriver, Server, ServerDriver } from './fixtures/server.ts';
import { CLUSTER, declared, MEMORY, serverBackend } from './fixtures/trials.ts';

certify({
  describe,
  test,
  name: 'a store of five methods',
  backend: () => ({ open: () => new MapStore() }),
});

certify({
  describe,
  test,
  name: 'a store in the memory of one process',
  capabilities: MEMORY,
  backend: () => ({
    open: (options) => new DriverStore(new ServerDriver(new Server(), MEMORY), options),
    driver: () => new ServerDriver(new Server(), MEMORY),
  }),
});

certify({
  describe,
  test,
  name: 'a store in a folder that is moved away at times',
  capabilities: HOST,
  backend: folderBackend,
});

describe('a store in a folder that is locked at times', () => {
  const backend = () => folderBackend(FolderDriver, 'locked');
  for (const { chapter, text, run } of declared({ capabilities: HOST, backend })) {
    if (chapter === 'a backend that is away') test(text, run);
  }
});

for (const away of ['down', 'frozen', 'mute', 'held'] as const) {
  certify({
    describe,
    test,
    name: `a store on a server that is ${away} at times`,
    capabilities: CLUSTER,
    backend: () => serverBackend(undefined, undefined, away),
  });
}

certify({
  describe,
  test,
  name: 'a store on a server that finds what has expired by itself',
  capabilities: CLUSTER,
  backend: () => serverBackend((server) => new PruningDriver(server)),
});
