import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { Redis } from 'ioredis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { TcpProxy, type Traffic } from '../../../tooling/servers/tcp-proxy.ts';
import { backendOf } from './support.ts';

describeWith(await findRedis(), { describe, test }, 'one Redis', (server) => {
  const admin = new Redis(server.url, { lazyConnect: true });
  beforeAll(() => admin.connect());
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  for (const away of ['down', 'stuck', 'mute', 'held'] as const satisfies Traffic[]) {
    certify({
      describe,
      test,
      name: `behind a network that is ${away} at times`,
      capabilities: { compareAndSet: 'cluster', survives: 'process-crash' },
      async backend() {
        const proxy = await TcpProxy.to(server.url);
        const { url } = proxy;
        return backendOf(
          admin,
          () => url,
          { url },
          () => proxy.interrupt(away),
          () => proxy.stop(),
        );
      },
    });
  }
});
