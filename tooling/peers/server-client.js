import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Pool } from 'pg';

/** What this bench itself does with a server: ask which it is, and remove what a case has left. */
export function connect(url) {
  if (url.startsWith('redis')) return redis(url);
  return url.startsWith('postgres') ? postgres(url) : mongo(url);
}

async function redis(url) {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {}); // the command rejects
  await client.connect();
  const [, version] = /redis_version:(\S+)/.exec(await client.info('server'));
  return {
    about: `Redis ${version}`,
    async clear(namespace) {
      for await (const keys of client.scanStream({ match: `${namespace}*`, count: 1000 })) {
        if (keys.length > 0) await client.unlink(keys);
      }
    },
  };
}

async function mongo(url) {
  const options = { serverSelectionTimeoutMS: 2000, socketTimeoutMS: 60_000 };
  const client = await new MongoClient(url, options).connect();
  const { version, gitVersion } = await client.db('admin').command({ buildInfo: 1 });
  // The stand-in that tests make do with says that it is an old MongoDB, of no commit. It looks
  // through all documents for some filters, so what it measures is not what MongoDB would.
  const isStandIn = !/^[0-9a-f]{40}$/.test(gitVersion);
  return {
    isStandIn,
    about: isStandIn ? 'a stand-in, which tells nothing about MongoDB' : `MongoDB ${version}`,
    clear: (namespace) => client.db(namespace).dropDatabase(),
  };
}

async function postgres(url) {
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 2000 });
  pool.on('error', () => {}); // the next query rejects
  const { rows } = await pool.query('SHOW server_version');
  const [version] = rows[0].server_version.split(' ');
  return {
    about: `PostgreSQL ${version}`,
    clear: (namespace) => pool.query(`DROP TABLE IF EXISTS ${namespace}`),
  };
}
