import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import type { Cluster } from 'ioredis';
import { again, failure, listed } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import {
  command,
  ownRedis,
  type Servers,
  startRedisCluster,
} from '../../../tooling/servers/redis.ts';
import { until } from '../../../tooling/servers/server-process.ts';
import { RedisSessionStore } from '../src/index.ts';
import { backendOf, clusterOf, newPrefix, quiet, removeAll } from './support.ts';

const own = ownRedis();
const servers = 'reason' in own ? own : await startRedisCluster();

describeWith(servers, { describe, test }, 'a Redis Cluster', ({ nodes, stop }: Servers) => {
  const ports = nodes.map(({ port }) => port);
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = clusterOf(ports);
    await new Promise((resolve) => cluster.once('ready', resolve));
  });

  afterAll(async () => {
    cluster.disconnect();
    await stop();
  });

  // Ready before the tests, some of which give a store half a second to open.
  const clients: Cluster[] = [];
  beforeAll(async () => {
    for (const client of [clusterOf(ports), clusterOf(ports)]) {
      client.setMaxListeners(50);
      clients.push(client);
      await again(() => Promise.all(client.nodes('master').map((node) => node.ping())));
    }
  });
  afterAll(() => {
    for (const client of clients) client.disconnect();
  });

  let turn = 0;
  certify({
    describe,
    test,
    name: 'of three masters and three replicas',
    capabilities: { compareAndSet: 'cluster', survives: 'process-crash' },
    backend: () =>
      backendOf(
        cluster,
        () => clients[turn++ % 2],
        { ports },
        async () => {
          // Shorter than the cluster takes to replace a master.
          for (const node of nodes) node.freeze();
          return async () => {
            for (const node of nodes) node.thaw();
            await settled();
          };
        },
      ),
  });

  /** Waits until all nodes agree on all slots again. */
  async function settled(): Promise<void> {
    await until(async () => {
      for (const port of ports) {
        const info = await command(port, 'CLUSTER', 'INFO');
        if (!/cluster_state:ok/.test(info)) return false;
        if (!/cluster_slots_ok:16384/.test(info)) return false;
      }
      return true;
    }, 'a cluster in order');
  }

  test('ids with braces spread over the masters like all others', async () => {
    const prefix = newPrefix();
    const store = new RedisSessionStore(cluster, { ...quiet, prefix });
    const ids = Array.from({ length: 90 }, (_, n) => `{same}:${n}`);
    await Promise.all(ids.map((id) => store.write(id, { id })));
    for (const node of cluster.nodes('master')) {
      expect((await node.keys(`${prefix}*`)).length).toBeGreaterThan(10);
    }
    const found = [];
    for await (const [id] of store.entries()) found.push(id);
    expect(found.sort()).toEqual(ids.sort());
    await store.close();
    expect(await cluster.ping()).toBe('PONG');
    await removeAll(cluster, prefix);
  });

  test('ids that begin alike are found on every master', async () => {
    const prefix = newPrefix();
    const store = new RedisSessionStore(cluster, { ...quiet, prefix });
    const ids = Array.from({ length: 90 }, (_, n) => `user*:${n % 2}:${n}`);
    await Promise.all(ids.map((id) => store.write(id, { id })));
    const sought = ids.filter((id) => id.startsWith('user*:1:')).sort();
    expect((await listed(store.ids())).sort()).toEqual(ids.sort());
    expect((await listed(store.ids({ prefix: 'user*:1:' }))).sort()).toEqual(sought);
    expect(await store.clear({ prefix: 'user*:1:' })).toBe(sought.length);
    expect(await store.all()).toHaveLength(ids.length - sought.length);
    await store.close();
    await removeAll(cluster, prefix);
  });

  test('keys of others under the prefix are seen on every master', async () => {
    const prefix = newPrefix();
    const ids = Array.from({ length: 30 }, (_, n) => `telegram:${n}`);
    await Promise.all(ids.map((id) => cluster.set(prefix + id, '{}')));
    const heard: string[] = [];
    const onWarning = ({ message }: Error) => void heard.push(message);
    const store = new RedisSessionStore(cluster, { onWarning, prefix });
    await store.init();
    expect(heard.filter((message) => /^30 or more keys/.test(message))).toHaveLength(1);
    await store.close();
    await removeAll(cluster, prefix);
  });

  test('one node of it is not taken for the whole', async () => {
    const store = new RedisSessionStore(ports[0], quiet);
    const error = await failure(store.init());
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    expect(error.message).toContain('Cluster');
    await store.close();
  });

  test('a client that reads from replicas reads what was written', async () => {
    const prefix = newPrefix();
    const client = clusterOf(ports, { scaleReads: 'slave' });
    const store = new RedisSessionStore(client, { ...quiet, prefix });
    for (let n = 0; n < 50; n++) {
      await store.write('a', { n });
      expect(await store.read('a')).toEqual({ n });
    }
    await store.close();
    client.disconnect();
    await removeAll(cluster, prefix);
  });

  test('listing fails when a master dies, and works again after the promotion', async () => {
    const prefix = newPrefix();
    const store = new RedisSessionStore(cluster, { ...quiet, prefix, timeout: 2000 });
    const ids = Array.from({ length: 3000 }, (_, n) => `chat:${n}`);
    for (let n = 0; n < ids.length; n += 100) {
      await again(() => Promise.all(ids.slice(n, n + 100).map((id) => store.write(id, { id }))));
    }
    // All of it is on the replicas.
    for (const node of cluster.nodes('master')) await node.wait(1, 5000);
    const dying = nodes.find(({ port }) => port === cluster.nodes('master')[2]?.options.port);
    const listing = async () => {
      let count = 0;
      for await (const _ of store.entries()) {
        if (++count === 100) await dying?.kill();
      }
      return count;
    };
    expect(await failure(listing())).toMatchObject({ code: expect.stringMatching(/UNAV|TIME/) });
    // Until a replica has taken over: all of it or an error.
    const found = await again(() => store.all());
    expect(found).toHaveLength(ids.length);
    // And so does everything else.
    const update = () => store.update('chat:1', (session) => ({ ...session, n: 1 }));
    await again(update);
    expect(await again(() => store.read('chat:1'))).toEqual({ id: 'chat:1', n: 1 });
    await store.close();
    await dying?.start();
    await settled();
    await removeAll(cluster, prefix);
  }, 40_000);

  test('a master that freezes is replaced, and its sessions are served again', async () => {
    const prefix = newPrefix();
    const client = clusterOf(ports);
    const store = new RedisSessionStore(client, { ...quiet, prefix, timeout: 500 });
    const ids = Array.from({ length: 60 }, (_, n) => `chat:${n}`);
    await again(() => Promise.all(ids.map((id) => store.write(id, { n: 0 }))));
    for (const node of client.nodes('master')) await node.wait(1, 5000);
    const port = client.nodes('master')[0]?.options.port;
    const frozen = nodes.find((node) => node.port === port);
    frozen?.freeze();
    try {
      const add = (session: { n?: number } | null) => ({ n: (session?.n ?? 0) + 1 });
      for (const id of ids) await again(() => store.update(id, add));
      for (const id of ids) expect((await again(() => store.read(id)))?.n).toBeGreaterThan(0);
    } finally {
      frozen?.thaw();
    }
    await store.close();
    client.disconnect();
    await settled();
    await removeAll(cluster, prefix);
  }, 60_000);
});
