// Runs the kit with nothing but what every runtime has. Usage: certify.mjs <name of the runtime>
import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { certify } from '@sessions/conformance';
import { hashId } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';
import { RedisSessionStore } from '@sessions/redis';
import { Redis } from 'ioredis';
// What the packages keep to themselves; the kit asks for drivers.
import { FileDriver } from './node_modules/@sessions/file/dist/driver.js';
import { MemoryDriver } from './node_modules/@sessions/memory/dist/memory-driver.js';
import { RedisDriver } from './node_modules/@sessions/redis/dist/redis-driver.js';
import { TcpProxy } from './tcp-proxy.mts';

const [runtime] = process.argv.slice(2);
const module = new URL('elsewhere.mjs', import.meta.url);
const tests = [];
const path = [];

function describe(name, body) {
  path.push(name);
  body();
  path.pop();
}

function test(name, body) {
  tests.push({ name: [...path, name].join(' › '), body });
}

certify({
  describe,
  test,
  name: 'memory',
  capabilities: { compareAndSet: 'process', survives: 'nothing' },
  backend: () => ({
    open: (options) => new MemorySessionStore(Infinity, options),
    driver: () => new MemoryDriver(Infinity, {}),
  }),
});

certify({
  describe,
  test,
  name: 'files',
  capabilities: { compareAndSet: 'host', survives: 'power-loss' },
  async backend() {
    const folder = await mkdtemp('sessions-');
    return {
      open: (options) => new FileSessionStore(folder, options),
      driver: () => new FileDriver(folder, {}),
      elsewhere: { module, argument: { folder } },
      corrupt(id) {
        const name = hashId(id);
        return truncate(join(folder, name.slice(0, 2), `${name}.json`), 10);
      },
      async interrupt() {
        await rename(folder, `${folder}.away`);
        return async () => {
          await rm(folder, { recursive: true, force: true });
          await rename(`${folder}.away`, folder);
        };
      },
      dispose: () => rm(folder, { recursive: true }),
    };
  },
});

const redis = new Redis(process.env.REDIS_URL);
certify({
  describe,
  test,
  name: 'Redis',
  capabilities: { compareAndSet: 'cluster', survives: 'process-crash' },
  async backend() {
    const prefix = `${randomUUID()}:`;
    const proxy = await TcpProxy.to(process.env.REDIS_URL);
    const { url } = proxy;
    return {
      open: (options) => new RedisSessionStore(url, { onWarning() {}, ...options, prefix }),
      driver: () => new RedisDriver(url, { prefix }),
      elsewhere: { module, argument: { url, prefix } },
      corrupt: (id) => redis.set(prefix + encodeURIComponent(id), ''),
      interrupt: () => proxy.interrupt('down'),
      dispose: () => proxy.stop(),
    };
  },
});

let failed = 0;
for (const { name, body } of tests) {
  try {
    await body();
  } catch (error) {
    failed++;
    console.error(`${runtime}: ${name}: ${error.stack}`);
  }
}
console.log(`${runtime}: ${tests.length - failed} of ${tests.length} promises hold`);
process.exit(failed === 0 && tests.length > 0 ? 0 : 1);
