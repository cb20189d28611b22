import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setImmediate as nextRound, setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { until } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { MongoSessionStore } from '../src/index.ts';
import { describeMongo, openMongo } from './server.ts';

// A client that is asked to look after its server does so at once if it has not for half a second.
const LONG_AGO = 700;

const found = await openMongo();
afterAll(async () => {
  if ('stop' in found) await found.stop();
});

describeMongo(found, 'when connections break, a read that can be repeated is answered', (mongo) => {
  // Else a server from 4.4 on tells by itself how it is, and the client does not ask.
  const polled = (proxy: TcpProxy) => `${mongo.direct(proxy.port)}&serverMonitoringMode=poll`;

  /** Reads, and breaks all connections before the answer: then the client asks the server how it is. */
  const readThroughCut = async (proxy: TcpProxy, store: MongoSessionStore) => {
    await pause(LONG_AGO);
    let isAsked = false;
    proxy.onRequest = (data) => {
      isAsked ||= data.includes('find');
    };
    await proxy.set('mute');
    const reading = store.read('a');
    await until(() => isAsked, 'the read');
    proxy.cut();
    await proxy.set('open');
    return reading;
  };

  test('though the client looks after the server on a connection that just broke', async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const store = new MongoSessionStore(polled(proxy), { dbName: mongo.namespace() });
    await store.write('a', { n: 1 });
    for (let n = 0; n < 3; n++) expect(await readThroughCut(proxy, store)).toEqual({ n: 1 });
    await store.close();
    await proxy.stop();
  });

  test("though that is the caller's own client, which several stores use", async () => {
    const proxy = await TcpProxy.to(mongo.direct());
    const client = new MongoClient(polled(proxy));
    const dbName = mongo.namespace();
    const stores = [1, 2].map(() => new MongoSessionStore(client, { dbName }));
    for (const store of stores) {
      await store.write('a', { n: 1 });
      expect(await readThroughCut(proxy, store)).toEqual({ n: 1 });
    }
    expect(client.listenerCount('serverHeartbeatStarted')).toBe(1);
    await Promise.all(stores.map((store) => store.close()));
    await client.close();
    await proxy.stop();
  });

  test('though it takes the only connection of the pool, which just broke', async () => {
    const sockets: Socket[] = [];
    const keep = (message: unknown) => sockets.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', keep);
    const proxy = await TcpProxy.to(mongo.direct());
    const url = `${mongo.direct(proxy.port)}&maxPoolSize=1&heartbeatFrequencyMS=500`;
    const store = new MongoSessionStore(url, { dbName: mongo.namespace() });
    await store.write('a', { n: 1 });
    const [last] = sockets.filter((socket) => socket.remotePort === proxy.port).slice(-1);
    unsubscribe('net.client.socket', keep);
    let isClosed = false;
    last?.once('close', () => {
      isClosed = true;
    });
    proxy.cut();
    while (!last?.destroyed) await nextRound();
    expect(isClosed).toBe(false); // the client does not know yet
    expect(await store.read('a')).toEqual({ n: 1 });
    await store.close();
    await proxy.stop();
  });
});
