import { setTimeout as pause } from 'node:timers/promises';
import { describe, test } from '@jest/globals';
import { type Document, MongoClient } from 'mongodb';
import { describeWith, type Missing, type Server } from '../../../tooling/servers/find-server.ts';
import { findMongo } from '../../../tooling/servers/mongo.ts';

/** A server, and what it turned out to be able to do. */
export interface Mongo extends Server {
  /** A URL of the primary alone, at another address if given, such as that of a proxy. */
  direct(port?: number): string;
  /** For looking behind the back of the stores. */
  readonly client: MongoClient;
  /** What it cannot do, in words, by what a test needs. */
  readonly lacks: Readonly<Partial<Record<Ability, string>>>;
  /** Whether it is MongoDB itself, or something compatible. */
  readonly isMongoDB: boolean;
}

/**
 * - `conflicts`: refuses an index that exists with other options.
 * - `collMod`: changes the options of an index.
 * - `sweep`: removes what has expired.
 * - `sessions`: retryable writes.
 * - `collation`: compares texts by the rules of a language.
 * - `replicaSet`: is one, so that there can be more of its kind.
 */
export type Ability = 'conflicts' | 'collMod' | 'sweep' | 'sessions' | 'collation' | 'replicaSet';

export async function openMongo(): Promise<Mongo | Missing> {
  const server = await findMongo();
  if ('reason' in server) return server;
  const client = new MongoClient(server.url, { serverSelectionTimeoutMS: 20_000 });
  const stop = async () => {
    await client.close();
    await server.stop();
  };
  try {
    await initiate(client);
    const hello = await greet(client);
    const { gitVersion } = await client.db('admin').command({ buildInfo: 1 });
    const isMongoDB = gitVersion !== undefined;
    const name = isMongoDB ? 'the server' : 'the server, which is no MongoDB,';
    const lacks = await lacking(client, hello, server.namespace(), name);
    const direct = (port?: number) => directly(server.url, hello, port);
    return { ...server, client, isMongoDB, lacks, direct, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function describeMongo(
  found: Mongo | Missing,
  name: string,
  body: (mongo: Mongo) => void,
): void {
  describeWith(found, { describe, test }, name, body);
}

/** Declares a test, or skips it by name with the reason, if there is one. */
export function testUnless(
  reason: string | undefined,
  name: string,
  body: () => Promise<void>,
  timeout?: number,
): void {
  if (reason === undefined) test(name, body, timeout);
  else test.skip(`${name} (skipped: ${reason})`, body);
}

/** What the server says of itself: `hello`, or what that was called before. */
export async function greet(client: MongoClient): Promise<Document> {
  const admin = client.db('admin');
  return admin.command({ hello: 1 }).catch(() => admin.command({ isMaster: 1 }));
}

/** Makes a new replica set of the server, and of more at these ports, if it waits for that. */
export async function initiate(client: MongoClient, ports: readonly number[] = []): Promise<void> {
  const admin = client.db('admin');
  if (!(await greet(client)).isreplicaset) return;
  // Its own idea of where it is, which in a container is not where its clients find it.
  const { parsed } = await admin.command({ getCmdLineOpts: 1 });
  const all = ports.length > 0 ? ports : [parsed.net.port as number];
  const members = all.map((port, _id) => ({ _id, host: `127.0.0.1:${port}` }));
  const settings = { electionTimeoutMillis: 2000 };
  await admin.command({ replSetInitiate: { _id: 'rs0', members, settings } });
  for (let n = 0; n < 300; n++) {
    const { isWritablePrimary, primary } = await greet(client);
    if (isWritablePrimary || (ports.length > 1 && primary)) return;
    await pause(100);
  }
  throw new Error('the replica set has no primary');
}

async function lacking(
  client: MongoClient,
  hello: Document,
  namespace: string,
  name: string,
): Promise<Mongo['lacks']> {
  const lacks: Partial<Record<Ability, string>> = {};
  const db = client.db(namespace);
  const index = await db.collection('trial').createIndex({ a: 1 }, { expireAfterSeconds: 1 });
  const conflict = db.collection('trial').createIndex({ a: 1 }, { expireAfterSeconds: 2 });
  await conflict.then(
    () => {
      lacks.conflicts = `${name} makes an index twice`;
    },
    () => {},
  );
  const change = { name: index, expireAfterSeconds: 3 }; // by name, as the driver does
  await db.command({ collMod: 'trial', index: change }).catch((error) => {
    lacks.collMod = `${name} has no collMod: ${error.codeName ?? error.message}`;
  });
  const often = { setParameter: 1, ttlMonitorSleepSecs: 1 };
  await client
    .db('admin')
    .command(often)
    .catch((error) => {
      lacks.sweep = `${name} does not sweep: ${error.codeName ?? error.message}`;
    });
  const collation = { locale: 'en', strength: 2 };
  await db
    .createCollection<{ _id: string }>('ids', { collation })
    .then((ids) => ids.insertMany([{ _id: 'a' }, { _id: 'A' }]))
    .then(
      () => {
        lacks.collation = `${name} knows no collation`;
      },
      () => {},
    );
  if (hello.logicalSessionTimeoutMinutes === undefined) lacks.sessions = `${name} has no sessions`;
  if (!hello.setName) lacks.replicaSet = `${name} is no replica set`;
  await db.dropDatabase().catch(() => {}); // an index made twice is one that cannot be dropped
  return lacks;
}

/** The URL with one host only, and what it says of users and encryption. */
function directly(url: string, hello: Document, port: number | undefined): string {
  const [, user = '', hosts = '', query = ''] =
    /^mongodb(?:\+srv)?:\/\/(.*@)?([^/?]*)[^?]*\??(.*)$/.exec(url) ?? [];
  const params = new URLSearchParams(query);
  params.delete('replicaSet');
  params.set('directConnection', 'true');
  const host = hosts.includes(',') ? (hello.primary as string) : hosts;
  return `mongodb://${user}${port === undefined ? host : `127.0.0.1:${port}`}/?${params}`;
}
