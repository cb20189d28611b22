import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, describe, expect, test } from '@jest/globals';
import { RedisSessionStore } from '@sessions/redis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { until } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { withLease } from '../src/index.ts';

const ID = 'telegram:42';
const TTL = 8000; // a busy machine must not lose it

describeWith(await findRedis(), { describe, test }, 'behind a network', (server) => {
  test('that fails for a while the lease stays; when it fails for good it is lost', async () => {
    const prefix = `t${randomBytes(8).toString('hex')}`;
    const options = { prefix, onWarning: () => {} };
    const proxy = await TcpProxy.to(server.url);
    const url = new URL(server.url);
    url.host = `127.0.0.1:${proxy.port}`;
    const far = await new RedisSessionStore(url.href, { ...options, timeout: TTL / 4 }).init();
    const near = await new RedisSessionStore(server.url, options).init();
    const expiry = async () => (await near.readVersion(ID))?.expiresAt ?? 0;

    const run = async ({ signal }: { signal: AbortSignal }) => {
      const first = await expiry();
      await proxy.set('down');
      await until(() => Date.now() > first - (2 / 3) * TTL, 'a third of ttl');
      await proxy.set('open');
      await until(async () => (await expiry()) > first, 'a heartbeat');
      expect(signal.aborted).toBe(false);

      await proxy.set('stuck');
      if (!signal.aborted) await once(signal, 'abort');
      return signal.reason;
    };
    const reason = await withLease(far, ID, run, { ttl: TTL });
    expect(reason).toMatchObject({ code: 'CONFLICT' });

    const next = await withLease(near, ID, () => 'got', { wait: 60_000 });
    expect(next).toBe('got');
    await near.clear();
    await Promise.all([near.close(), far.close(), proxy.stop()]);
  }, 120_000);

  afterAll(() => server.stop());
});
