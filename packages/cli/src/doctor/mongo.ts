import type { Opened } from '../open.ts';
import { size } from '../units.ts';
import { bad, clientOf, clockFinding, type Finding, look, ok, unknown } from './finding.ts';

const COLLECTION = 'sessions'; // that of a store without options
const LITTLE = 0.05;

// biome-ignore lint/suspicious/noExplicitAny: what servers of all ages answer
type Answer = Record<string, any>;

export async function* examineMongo(opened: Opened): AsyncGenerator<Finding> {
  const { MongoClient } = clientOf(opened, 'mongodb');
  const url = opened.args?.[0] ?? 'mongodb://127.0.0.1:27017';
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000, socketTimeoutMS: 5000 });
  try {
    const db = client.db();
    const ask = (command: Answer): Promise<Answer | undefined> =>
      db.command(command).catch(() => undefined);
    const askedAt = Date.now();
    const hello: Answer = await db.command({ hello: 1 }).catch(() => db.command({ isMaster: 1 }));
    const answeredAt = Date.now();
    const build = await ask({ buildInfo: 1 });
    yield build
      ? ok('version', `MongoDB ${build.version}`)
      : unknown('version', 'it does not tell');
    yield* replicationOf(hello);
    yield ok('eviction', 'none: a full disk refuses writes');
    const time = hello.localTime ?? (await ask({ serverStatus: 1 }))?.localTime;
    yield time
      ? clockFinding(Number(time), askedAt, answeredAt)
      : unknown('clock', 'the server does not tell');
    yield* diskOf(await ask({ dbStats: 1 }));
    yield* indexOf(
      await db
        .collection(COLLECTION)
        .indexes()
        .catch(() => []),
    );
    yield permissionsOf(await ask({ connectionStatus: 1, showPrivileges: true }));
  } finally {
    await client.close();
  }
}

function* replicationOf(hello: Answer): Generator<Finding> {
  if (hello.msg === 'isdbgrid') {
    yield ok('persistence', 'sharded: each shard is a replica set');
  } else if (!hello.setName) {
    yield look('persistence', 'one server alone: when this machine is lost, so are the sessions');
  } else {
    const members = hello.hosts?.length ?? 1;
    const says = `replica set ${hello.setName} of ${members}`;
    if (members > 1) yield ok('persistence', `${says}: a write is with most of them`);
    else yield look('persistence', `${says}: when this machine is lost, so are the sessions`);
  }
  if (!hello.isWritablePrimary && !hello.ismaster) yield bad('role', 'this is no primary');
}

function* diskOf(stats: Answer | undefined): Generator<Finding> {
  if (!stats?.fsTotalSize) {
    yield unknown('free disk', 'the server does not tell');
    return;
  }
  const free = stats.fsTotalSize - stats.fsUsedSize;
  const part = free / stats.fsTotalSize;
  const says = `${size(free)}, ${Math.round(part * 100)} %`;
  yield part < LITTLE ? look('free disk', `only ${says}`) : ok('free disk', says);
}

function* indexOf(indexes: readonly Answer[]): Generator<Finding> {
  if (indexes.length === 0) {
    yield look('index', `there is no collection ${COLLECTION} yet; the first bot makes it`);
    return;
  }
  const ttl = indexes.find(({ key }) => Object.keys(key).join() === 'expiresAt');
  yield ttl?.expireAfterSeconds === 0
    ? ok('index', 'a TTL index on expiresAt: what has expired goes by itself')
    : look('index', 'no TTL index on expiresAt: what has expired stays until prune');
}

function permissionsOf(status: Answer | undefined): Finding {
  const info = status?.authInfo;
  if (!info) return unknown('permissions', 'the server does not tell; --write tries them');
  const [user] = info.authenticatedUsers ?? [];
  if (!user) return ok('permissions', 'nobody had to log in: for a server near by only');
  const actions = new Set(
    (info.authenticatedUserPrivileges ?? []).flatMap(({ actions }: Answer) => actions),
  );
  const missing = ['find', 'insert', 'update', 'remove'].filter((each) => !actions.has(each));
  return missing.length > 0
    ? bad('permissions', `user ${user.user} lacks ${missing.join(', ')}`)
    : ok('permissions', `user ${user.user} may read and write`);
}
