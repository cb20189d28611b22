import { checkOptions } from '@sessions/core';
import { Redis, type RedisOptions } from 'ioredis';
import { type Client, isClient } from './client.ts';
import { checkUrl } from './url.ts';

/** What the store is to connect to: a URL, a port, options of ioredis, or a client. */
export type Given = string | number | RedisOptions | Client | undefined;

// Of the store, and no names of ioredis'.
const SECOND = [
  'expiresIn',
  'timeout',
  'maxSessionBytes',
  'now',
  'onWarning',
  'prefix',
  'replicas',
];

// The options of ioredis that have no default, and so are not in the options of a client.
const WITHOUT_DEFAULT: readonly (keyof RedisOptions)[] = [
  'path',
  'tls',
  'sentinelUsername',
  'sentinelPassword',
  'sentinelCommandTimeout',
  'sentinelTLS',
  'preferredSlaves',
  'commandTimeout',
  'blockingTimeout',
  'socketTimeout',
  'monitor',
  'offlineQueue',
  'commandQueue',
  'scripts',
  'showFriendlyErrorStack',
  'himportFieldsets',
];

export function checkGiven(given: unknown): asserts given is Given {
  if (given === undefined) return;
  if (typeof given === 'string') return checkUrl(given);
  if (typeof given === 'number') {
    if (Number.isInteger(given) && given > 0 && given < 65_536) return;
    throw new RangeError(`a port is a whole number from 1 to 65535, not ${given}`);
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError('connection must be a URL, a port, options or a client of ioredis');
  }
  if (isClient(given)) return; // throws for the client of another library
  if (given instanceof URL || 'url' in given) throw new TypeError('give the URL as text');
  for (const name of SECOND) {
    if (name in given) throw new TypeError(`${name} belongs in the second argument`);
  }
  if ('Connector' in given) return; // has options of its own
  const { options } = new Redis({ lazyConnect: true });
  const known = [...Object.keys(options), ...WITHOUT_DEFAULT, 'Connector'];
  // With the one that is looked for by many names, and then told of above.
  checkOptions('the first argument', given, [...known, 'expiresIn']);
}
