import { describe, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { MemorySessionStore } from '../src/index.ts';
import { MemoryDriver, type MemoryOptions } from '../src/memory-driver.ts';

const bounds: [name: string, max: number, options: MemoryOptions][] = [
  ['MemorySessionStore', Infinity, {}],
  ['MemorySessionStore with bounds', 10_000, { maxBytes: 64 * 1024 * 1024 }],
];
for (const [name, max, bound] of bounds) {
  certify({
    describe,
    test,
    name,
    capabilities: { compareAndSet: 'process', survives: 'nothing' },
    backend: () => ({
      open: (options) => new MemorySessionStore(max, { ...options, ...bound }),
      driver: () => new MemoryDriver(max, bound),
    }),
  });
}
