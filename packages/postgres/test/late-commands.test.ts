import { afterAll, describe, test } from '@jest/globals';
import { Pool } from 'pg';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { testLateCommands } from '../../../tooling/servers/late-commands.ts';
import { findPostgres } from '../../../tooling/servers/postgres.ts';
import { PostgresSessionStore } from '../src/index.ts';
import { newTable } from './support.ts';

describeWith(await findPostgres(), { describe, test }, 'commands that arrive late', (server) => {
  const admin = new Pool({ connectionString: server.url });
  const table = newTable();

  afterAll(async () => {
    await admin.query(`DROP TABLE ${table}`);
    await admin.end();
    await server.stop();
  });

  const clients: Record<string, (url: string) => string | Pool> = {
    'connections of its own': (url) => url,
    'a pool of the caller': (connectionString) => new Pool({ connectionString }),
  };

  testLateCommands(server.url, clients, (client) => ({
    store: new PostgresSessionStore(client, { table, timeout: 3000 }),
    other: new PostgresSessionStore(server.url, { table }),
    end: () => (client instanceof Pool ? client.end() : undefined),
  }));
});
