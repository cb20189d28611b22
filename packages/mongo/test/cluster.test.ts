import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { isSessionError } from '@sessions/core';
import { MongoClient } from 'mongodb';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { ownMongo, startMongo } from '../../../tooling/servers/mongo.ts';
import type { OwnServer } from '../../../tooling/servers/server-container.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { MongoSessionStore } from '../src/index.ts';
import { MongoDriver } from '../src/mongo-driver.ts';
import { describeMongo, initiate, openMongo, testUnless } from './server.ts';

jest.setTimeout(60_000);

const found = await openMongo();
const own = await ownMongo();
const family = await ownMongo(['mongod', 'mongos']);
const started: OwnServer[] = [];
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  if ('stop' in found) await found.stop();
});

async function start(...args: Parameters<typeof startMongo>): Promise<OwnServer> {
  const server = await startMongo(...args);
  started.push(server);
  return server;
}

/** What `mongod` gets to be a member of this replica set. */
function memberOf(set: string, ...extra: string[]): Parameters<typeof startMongo>[1] {
  return (address, port, folder) => [
    ...['--bind_ip', address, '--port', String(port), '--replSet', set, ...extra],
    ...(folder ? ['--dbpath', folder] : []),
  ];
}

describeMongo(found, 'MongoSessionStore on several servers', (mongo) => {
  const { replicaSet } = mongo.lacks;

  test('a MongoDB of our own can do all that the tests ask for', () => {
    if (mongo.isMongoDB && !process.env.SESSIONS_MONGO_URL) expect(mongo.lacks).toEqual({});
  });

  if (replicaSet !== undefined) {
    testUnless(replicaSet, 'a replica set loses and repeats no update', async () => {});
    testUnless(replicaSet, 'a sharded collection passes the conformance kit', async () => {});
    return;
  }

  describeWith(own, { describe, test }, 'a replica set', () => {
    test.each(['steps down', 'is killed'])(
      'whose primary %s under load loses and repeats no update',
      async (how) => {
        const members = await Promise.all([start(), start(), start()]);
        const ports = members.map(({ port }) => port);
        const first = new MongoClient(members[0].url);
        await initiate(first, ports);
        await first.close();
        const hosts = ports.map((port) => `127.0.0.1:${port}`).join();
        const url = `mongodb://${hosts}/?replicaSet=rs0`;
        const client = new MongoClient(url);
        const stores = Array.from({ length: 4 }, () => new MongoSessionStore(url));
        await Promise.all(stores.map((store) => store.init()));

        const acknowledged: string[] = [];
        const possible: string[] = [];
        let going = true;
        const workers = stores.map(async (store, worker) => {
          for (let n = 0; going; n++) {
            const token = `${worker}:${n}`;
            try {
              await store.update('a', (found) => ({ tokens: [...(found?.tokens ?? []), token] }));
              acknowledged.push(token);
            } catch (error) {
              if (!isSessionError(error)) throw error;
              if (error.outcome === 'unknown') possible.push(token);
            }
          }
        });
        await pause(1000);
        const before = acknowledged.length;
        if (how === 'steps down') {
          for (let n = 0; n < 2; n++) {
            // The connection may break; the servers that remain vote within seconds.
            const stepDown = { replSetStepDown: 10, secondaryCatchUpPeriodSecs: 5 };
            await client
              .db('admin')
              .command(stepDown)
              .catch(() => {});
            await pause(6000);
          }
        } else {
          const hello = await client.db('admin').command({ hello: 1 });
          await members.find(({ port }) => hello.primary === `127.0.0.1:${port}`)?.kill();
          await pause(10_000);
        }
        const failedOver = acknowledged.length;
        await pause(1000);
        going = false;
        await Promise.all(workers);
        expect(before).toBeGreaterThan(0);
        expect(acknowledged.length).toBeGreaterThan(failedOver);

        const session = await stores[0]?.read('a');
        const tokens: string[] = session?.tokens;
        expect(new Set(tokens).size).toBe(tokens.length);
        expect(acknowledged.filter((token) => !tokens.includes(token))).toEqual([]);
        const known = new Set([...acknowledged, ...possible]);
        expect(tokens.filter((token) => !known.has(token))).toEqual([]);
        await Promise.all([...stores, client].map((each) => each.close()));
      },
    );
  });

  describeWith(family, { describe, test }, 'a sharded collection', () => {
    /** A cluster of two shards, and a router in front of it. */
    const cluster = (async () => {
      const set = async (name: string, role: string) => {
        const server = await start('mongod', memberOf(name, role));
        const client = new MongoClient(server.url);
        const members = [{ _id: 0, host: `127.0.0.1:${server.port}` }];
        const config = { _id: name, members, configsvr: role === '--configsvr' || undefined };
        await client.db('admin').command({ replSetInitiate: config }, { ignoreUndefined: true });
        await client.close();
        return `${name}/127.0.0.1:${server.port}`;
      };
      const [config, ...shards] = await Promise.all([
        set('config', '--configsvr'),
        set('shard0', '--shardsvr'),
        set('shard1', '--shardsvr'),
      ]);
      const router = await start('mongos', (address, port) => [
        ...['--bind_ip', address, '--port', String(port), '--configdb', config],
      ]);
      const client = new MongoClient(router.url);
      for (const shard of shards) await client.db('admin').command({ addShard: shard });
      return { router, client };
    })();
    cluster.catch(() => {}); // told by the tests that wait for it
    afterAll(async () => (await cluster).client.close());

    certify({
      describe,
      test,
      name: 'MongoSessionStore on a sharded collection',
      capabilities: { compareAndSet: 'cluster', survives: 'replication' },
      async backend() {
        const { router, client } = await cluster;
        const dbName = mongo.namespace();
        const key = { _id: 'hashed' };
        // What the README says to run.
        const sharding = { shardCollection: `${dbName}.sessions`, key };
        expect(await client.db('admin').command(sharding)).toMatchObject({ ok: 1 });
        const proxy = await TcpProxy.to(router.url);
        const { url } = proxy;
        const sessions = client.db(dbName).collection('sessions');
        return {
          open: (options) => new MongoSessionStore(url, { dbName }, options),
          driver: () => new MongoDriver(url, { dbName }),
          elsewhere: {
            module: new URL('elsewhere.js', import.meta.url),
            argument: { url, dbName },
          },
          async corrupt(id) {
            await sessions.replaceOne({ _id: id as never }, { v: 1, data: '{"cut' });
          },
          interrupt: () => proxy.interrupt('down'),
          async dispose() {
            await client.db(dbName).dropDatabase();
            await proxy.stop();
          },
        };
      },
    });
  });
});
