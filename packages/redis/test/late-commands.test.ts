import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { testLateCommands } from '../../../tooling/servers/late-commands.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { RedisSessionStore } from '../src/index.ts';
import { newPrefix, quiet, removeAll } from './support.ts';

describeWith(await findRedis(), { describe, test }, 'commands that arrive late', (server) => {
  let admin: Redis;
  const prefix = newPrefix();

  beforeAll(() => {
    admin = new Redis(server.url);
  });

  afterAll(async () => {
    await removeAll(admin, prefix);
    admin.disconnect();
    await server.stop();
  });

  const clients: Record<string, (url: string) => string | Redis> = {
    'a connection of its own': (url) => url,
    'a client with default settings': (url) => new Redis(url),
    'a client that sends again at once': (url) => new Redis(url, { retryStrategy: () => 1 }),
    'a client that gives up': (url) =>
      new Redis(url, { commandTimeout: 100, retryStrategy: () => null }),
  };

  testLateCommands(server.url, clients, (client) => {
    if (client instanceof Redis) client.on('error', () => {});
    const options = { ...quiet, prefix: prefix + newPrefix() };
    return {
      store: new RedisSessionStore(client, { ...options, timeout: 3000 }),
      other: new RedisSessionStore(server.url, options),
      end: () => (client instanceof Redis ? client.disconnect() : undefined),
    };
  });
});
