import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { certify } from '@sessions/conformance';
import { MyBackendSessionStore } from 'sessions-my-backend';
import { MyBackendDriver } from '../dist/driver.js';

certify({
  describe,
  test,
  name: 'MyBackendSessionStore',
  // TODO: as in src/driver.ts. What they promise decides which tests there are.
  capabilities: { compareAndSet: 'process', survives: 'nothing' },
  backend() {
    // TODO: a place that is new and empty: a folder of mkdtemp, a database, a key prefix.
    const place = randomUUID();
    return {
      open: (options) => new MyBackendSessionStore(place, options),
      driver: () => new MyBackendDriver(place),
      // How another process opens a store there. The kit races some, unless compareAndSet is
      // 'process'.
      elsewhere: { module: new URL('elsewhere.js', import.meta.url), argument: { place } },
      // TODO, unless survives is 'nothing': `corrupt(id)` damages what is stored.
      // TODO, unless compareAndSet is 'process': `interrupt()` makes the backend unreachable, and
      // returns what brings it back.
      // TODO: `dispose()` removes the place.
    };
  },
});
