import { join } from 'node:path';
import { afterAll, describe, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { testDemo } from '../../../tooling/demo-test.ts';
import { testExamples } from '../../../tooling/examples.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { emptyDatabase } from './support.ts';

const found = await findRedis();
const url = 'reason' in found ? '' : await emptyDatabase(found.url);

describeWith(found, { describe, test }, 'README', (server) => {
  const redis = new Redis(url, { lazyConnect: true });
  afterAll(async () => {
    await redis.flushdb();
    redis.disconnect();
    await server.stop();
  });

  testExamples(join(import.meta.dirname, '../README.md'), { REDIS_URL: url });

  testDemo(url, join(import.meta.dirname, '..'));
});
