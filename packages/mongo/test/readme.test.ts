import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { testDemo } from '../../../tooling/demo-test.ts';
import { testExamples } from '../../../tooling/examples.ts';
import { describeMongo, openMongo } from './server.ts';

const found = await openMongo();
afterAll(async () => {
  if ('stop' in found) await found.stop();
});

describeMongo(found, 'README', (mongo) => {
  const dbName = mongo.namespace();
  const MONGO_URL = mongo.direct().replace('/?', `/${dbName}?`);

  testExamples(join(import.meta.dirname, '../README.md'), { MONGO_URL });

  testDemo(MONGO_URL, join(import.meta.dirname, '..'));
});
