import { afterAll, describe, jest, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { TcpProxy, type Traffic } from '../../../tooling/servers/tcp-proxy.ts';
import { MongoSessionStore } from '../src/index.ts';
import { MongoDriver } from '../src/mongo-driver.ts';
import { describeMongo, openMongo } from './server.ts';

jest.setTimeout(20_000);

const found = await openMongo();
afterAll(async () => {
  if ('stop' in found) await found.stop();
});

const absences: [name: string, traffic: Traffic][] = [
  ['refuses connections', 'down'],
  ['does not answer', 'held'],
];

// What is left of a document.
const CUT_SHORT = { v: 1, data: '{"cut' };

describeMongo(found, 'MongoDB', (mongo) => {
  for (const [name, traffic] of absences) {
    certify({
      describe,
      test,
      name: `MongoSessionStore, on a server that ${name} when it is away`,
      capabilities: { compareAndSet: 'cluster', survives: 'replication' },
      async backend() {
        const proxy = await TcpProxy.to(mongo.direct());
        const url = mongo.direct(proxy.port);
        const dbName = mongo.namespace();
        const db = mongo.client.db(dbName);
        return {
          open: (options) => new MongoSessionStore(url, { dbName }, options),
          driver: () => new MongoDriver(url, { dbName }),
          elsewhere: {
            module: new URL('elsewhere.js', import.meta.url),
            argument: { url, dbName },
          },
          async corrupt(id) {
            await db.collection('sessions').replaceOne({ _id: id as never }, CUT_SHORT);
          },
          interrupt: () => proxy.interrupt(traffic),
          async dispose() {
            await db.dropDatabase();
            await proxy.stop();
          },
        };
      },
    });
  }
});
