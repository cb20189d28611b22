import { afterAll, describe, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { Pool } from 'pg';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findPostgres } from '../../../tooling/servers/postgres.ts';
import { TcpProxy, type Traffic } from '../../../tooling/servers/tcp-proxy.ts';
import { backendOf } from './support.ts';

describeWith(await findPostgres(), { describe, test }, 'one PostgreSQL', (server) => {
  const admin = new Pool({ connectionString: server.url });
  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  for (const away of ['down', 'stuck', 'mute', 'held'] as const satisfies Traffic[]) {
    certify({
      describe,
      test,
      name: `behind a network that is ${away} at times`,
      capabilities: { compareAndSet: 'cluster', survives: 'power-loss' },
      async backend() {
        const proxy = await TcpProxy.to(server.url);
        return backendOf(
          admin,
          proxy.url,
          () => proxy.interrupt(away),
          () => proxy.stop(),
        );
      },
    });
  }
});
