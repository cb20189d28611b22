import { describe, test } from '@jest/globals';
import { type Capabilities, DriverStore } from '@sessions/core';
import { certify } from '../src/index.ts';
import { MapStore } from './fixtures/map-store.ts';
import { PruningDriver, Server, ServerDriver } from './fixtures/server.ts';
import { CLUSTER, MEMORY, serverBackend } from './fixtures/trials.ts';

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

const HOST: Capabilities = { compareAndSet: 'host', survives: 'power-loss' };

certify({
  describe,
  test,
  name: 'a store shared on one host',
  capabilities: HOST,
  backend() {
    const { interrupt: _, ...backend } = serverBackend((server) => new ServerDriver(server, HOST));
    return backend;
  },
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
