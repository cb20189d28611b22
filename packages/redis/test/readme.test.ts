import { join } from 'node:path';
import { afterAll, describe, test } from '@jest/globals';
import { testDemo } from '../../../tooling/demo-test.ts';
import { testExamples } from '../../../tooling/examples.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';

describeWith(await findRedis(), { describe, test }, 'README', (server) => {
  afterAll(() => server.stop());
  testExamples(join(import.meta.dirname, '../README.md'), { REDIS_URL: server.url });
  testDemo(server.url, join(import.meta.dirname, '..'));
});
