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
        const url = new URL(server.url);
        url.host = `127.0.0.1:${proxy.port}`;
        const interrupt = async () => {
          await proxy.set(away);
          const restore = () => proxy.set('open');
          return away === 'held' ? { restore, deliver: () => proxy.deliver() } : restore;
        };
        return backendOf(
          admin,
          () => url.href,
          { url: url.href },
          interrupt,
          () => proxy.stop(),
        );
      },
    });
  }
});
