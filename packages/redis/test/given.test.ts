import { expect, test } from '@jest/globals';
import type { RedisOptions } from 'ioredis';
import { RedisSessionStore, type RedisStoreOptions } from '../src/index.ts';

const make = (options: object) => () => new RedisSessionStore(options as RedisOptions);

test.each([
  ['ttl', 'expiresIn, in minutes'],
  ['maxAge', 'expiresIn, in minutes'],
  ['expiresin', 'expiresIn, in minutes'],
  ['prot', 'port'],
  ['hots', 'host'],
  ['keyprefix', 'keyPrefix'],
  ['sentinel', 'sentinels'],
  ['commandTimeOut', 'commandTimeout'],
])('an option %s that ioredis does not know is refused: did you mean %s?', (name, near) => {
  const known = { host: 'localhost', port: 6379 };
  const message = `the first argument has no option ${name}; did you mean ${near}?`;
  expect(make({ ...known, [name]: 60 })).toThrow(new TypeError(message));
});

test('nor is one taken that resembles none', () => {
  expect(make({ cluster: true })).toThrow(/no option cluster; there are .*port.*tls/);
});

const OF_THE_STORE: Required<{ [K in keyof RedisStoreOptions]: 1 }> = {
  expiresIn: 1,
  timeout: 1,
  maxSessionBytes: 1,
  now: 1,
  onWarning: 1,
  prefix: 1,
  replicas: 1,
};

test.each(Object.keys(OF_THE_STORE))('%s is told to belong in the second argument', (name) => {
  const message = `${name} belongs in the second argument`;
  expect(make({ port: 6379, [name]: 60 })).toThrow(new TypeError(message));
});

// Complete: the type check fails when ioredis has one more, or one less.
const OF_IOREDIS: Record<keyof RedisOptions, unknown> = {
  Connector: class {},
  autoPipeliningIgnoredCommands: [],
  autoResendUnfulfilledCommands: true,
  autoResubscribe: true,
  blockingTimeout: 1,
  blockingTimeoutGrace: 1,
  clientInfoTag: 'tag',
  commandQueue: true,
  commandTimeout: 1,
  connectTimeout: 1,
  connectionName: 'name',
  db: 1,
  disableClientInfo: true,
  disconnectTimeout: 1,
  enableAutoPipelining: true,
  enableOfflineQueue: true,
  enableReadyCheck: true,
  enableTLSForSentinelMode: true,
  failoverDetector: true,
  family: 4,
  himportFieldsets: [],
  host: 'localhost',
  keepAlive: 1,
  keyPrefix: 'a:',
  lazyConnect: true,
  maxLoadingRetryTime: 1,
  maxRetriesPerRequest: 1,
  monitor: true,
  name: 'main',
  natMap: {},
  noDelay: true,
  offlineQueue: true,
  password: 'secret',
  path: '/tmp/redis.sock',
  port: 6379,
  preferredSlaves: [],
  protocol: 2,
  readOnly: true,
  reconnectOnError: null,
  replyMapping: 'legacy',
  retryStrategy: null,
  role: 'master',
  scripts: {},
  sentinelCommandTimeout: 1,
  sentinelMaxConnections: 1,
  sentinelPassword: 'secret',
  sentinelReconnectStrategy: () => 1,
  sentinelRetryStrategy: () => 1,
  sentinelTLS: {},
  sentinelUsername: 'bot',
  sentinels: [],
  showFriendlyErrorStack: true,
  socketTimeout: 1,
  stringNumbers: true,
  tls: {},
  updateSentinels: true,
  username: 'bot',
};

test.each(Object.keys(OF_IOREDIS))('the option %s of ioredis is taken', (name) => {
  expect(make({ [name]: OF_IOREDIS[name as keyof RedisOptions] })).not.toThrow();
});

test('a connector of the caller may have options of its own', () => {
  expect(make({ Connector: class {}, tunnel: 'a' })).not.toThrow();
});

test.each([
  ['', RangeError, /must not be empty/],
  ['a\ud800', TypeError, /lone surrogate/],
  [1, TypeError, /must be a string/],
])('refuses %j as a prefix', (prefix, error, why) => {
  const withPrefix = () => new RedisSessionStore(1, { prefix: prefix as string });
  expect(withPrefix).toThrow(error);
  expect(withPrefix).toThrow(why);
});
