import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testDemo } from '../../../tooling/demo-test.ts';
import { testExamples } from '../../../tooling/examples.ts';
import { MongoSessionStore } from '../src/index.ts';
import { describeMongo, openMongo } from './server.ts';

const found = await openMongo();
afterAll(async () => {
  if ('stop' in found) await found.stop();
});

describeMongo(found, 'README', (mongo) => {
  const dbName = mongo.namespace();
  const MONGO_URL = mongo.direct().replace('/?', `/${dbName}?`);
  const sessions = mongo.client.db(dbName).collection('sessions');
  // As Bottender writes it.
  const bottender = { id: 'telegram:42', platform: 'telegram', _state: { visits: 3 } };

  beforeAll(() => sessions.insertMany([{ ...bottender }, { report: 'of others' }]));

  testExamples(join(import.meta.dirname, '../README.md'), { MONGO_URL });

  test('what came from Bottender is a session, and its old document is gone', async () => {
    const store = new MongoSessionStore(MONGO_URL, { onWarning: () => {} });
    expect(await store.read('telegram:42')).toEqual(bottender);
    expect(await sessions.countDocuments({ id: 'telegram:42' })).toBe(0);
    expect(await sessions.countDocuments({ report: 'of others' })).toBe(1);
    await store.close();
  });

  testDemo(MONGO_URL, join(import.meta.dirname, '..'));
});
