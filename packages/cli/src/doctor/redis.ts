import type { Opened } from '../open.ts';
import { duration } from '../units.ts';
import { bad, clientOf, clockFinding, type Finding, look, ok, unknown } from './finding.ts';

export async function* examineRedis(opened: Opened): AsyncGenerator<Finding> {
  const Client = clientOf(opened, 'ioredis').Redis;
  const options = { lazyConnect: true, commandTimeout: 5000, retryStrategy: () => null };
  const redis = new Client(urlOf(opened.args?.[0]), options);
  redis.on('error', () => {}); // said by the call that fails
  try {
    await redis.connect();
    const info = parse(await redis.info());
    const askedAt = Date.now();
    const [seconds, micros] = await redis.time();
    const answeredAt = Date.now();
    yield ok(
      'version',
      `${info.get('server_name') ?? 'Redis'} ${info.get('valkey_version') ?? info.get('redis_version')}`,
    );
    yield roleOf(info);
    yield evictionOf(info);
    yield* persistenceOf(info, await setting(redis, 'save'), await setting(redis, 'appendfsync'));
    yield ok('index', 'none is needed; a listing goes through all keys of the server');
    yield clockFinding(Number(seconds) * 1000 + Number(micros) / 1000, askedAt, answeredAt);
    yield unknown('free disk', 'Redis does not tell');
    const user = await redis.acl('WHOAMI').catch(() => undefined);
    yield user === undefined
      ? unknown('permissions', 'the server does not tell; --write tries them')
      : ok('permissions', `user ${user}, may ask for INFO; --write tries the rest`);
  } finally {
    redis.disconnect();
  }
}

/** As the store reads it: a URL, a host, a port, or the path of a socket. */
function urlOf(text: string | undefined): string {
  if (text === undefined) return 'redis://127.0.0.1:6379';
  if (/^\d+$/.test(text)) return `redis://127.0.0.1:${text}`;
  return /^(\w+:\/\/|\/)/.test(text) ? text : `redis://${text}`;
}

function parse(info: string): Map<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

/** What the server is set to; `undefined` where nobody may ask. */
async function setting(
  redis: { config(...args: string[]): Promise<string[]> },
  name: string,
): Promise<string | undefined> {
  return redis.config('GET', name).then(
    (answer) => answer[1],
    () => undefined,
  );
}

function roleOf(info: Map<string, string>): Finding {
  const replicas = Number(info.get('connected_slaves') ?? 0);
  if (info.get('role') !== 'master') return bad('role', 'a replica: it takes no writes');
  return replicas === 0
    ? ok('role', 'master, without replicas: when this machine is lost, so are the sessions')
    : ok(
        'role',
        `master, with ${replicas} replicas, which lag behind: a takeover may lose the latest writes`,
      );
}

function evictionOf(info: Map<string, string>): Finding {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const evicted = Number(info.get('evicted_keys') ?? 0);
  const most = Number(info.get('maxmemory') ?? 0) > 0 ? info.get('maxmemory_human') : 'no limit';
  const says = `${policy}, ${info.get('used_memory_human')} of ${most}, ${evicted} keys evicted since it started`;
  if (policy !== 'noeviction')
    return look('eviction', `${says}: it may drop sessions; set noeviction`);
  return ok('eviction', says);
}

function* persistenceOf(
  info: Map<string, string>,
  save: string | undefined,
  fsync: string | undefined,
): Generator<Finding> {
  const failed = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'];
  for (const name of failed) {
    if (info.get(name) === 'err') yield bad('persistence', `${name} is err: see the server's log`);
  }
  if (info.get('aof_enabled') === '1') {
    const says = `appendonly, appendfsync ${fsync ?? 'unknown'}`;
    if (fsync === 'always') yield ok('persistence', `${says}: survives a power cut`);
    else yield ok('persistence', `${says}: a power cut may take the last seconds`);
  } else if (save === undefined) {
    yield unknown('persistence', 'appendonly no; who rents the server out does not tell the rest');
  } else if (save === '') {
    yield look('persistence', 'none (save "", appendonly no): a restart loses all sessions');
  } else {
    const last = Date.now() - Number(info.get('rdb_last_save_time')) * 1000;
    const says = `snapshots (save ${save}), the last ${duration(last)} ago`;
    yield look('persistence', `${says}: a crash loses what came after it; set appendonly yes`);
  }
}
