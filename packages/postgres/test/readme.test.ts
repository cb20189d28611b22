import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { Pool } from 'pg';
import { testDemo } from '../../../tooling/demo-test.ts';
import { testExamples } from '../../../tooling/examples.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findPostgres } from '../../../tooling/servers/postgres.ts';

describeWith(await findPostgres(), { describe, test }, 'README', (server) => {
  const database = server.namespace();
  const admin = new Pool({ connectionString: server.url });
  const url = new URL(server.url);
  url.pathname = database;

  beforeAll(() => admin.query(`CREATE DATABASE ${database}`));
  afterAll(async () => {
    await admin.query(`DROP DATABASE ${database}`);
    await admin.end();
    await server.stop();
  });

  testExamples(join(import.meta.dirname, '../README.md'), { POSTGRES_URL: url.href });
  testDemo(url.href, join(import.meta.dirname, '..'));
});
