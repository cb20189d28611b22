import { findServer } from '../servers/find-server.ts';
import { mongo } from '../servers/mongo.ts';
import { findRedis } from '../servers/redis.ts';

// A MongoDB that is no replica set, as a newcomer starts it.
const standalone = {
  ...mongo,
  args: (...where) => mongo.args(...where).filter((arg) => !/^(--replSet|rs0)$/.test(arg)),
};

/**
 * Starts the servers that bots and agents need, and names them to what runs from here: REDIS_URL, MONGO_URL. One
 * that is missing is an error if SESSIONS_REQUIRE_SERVERS is 1.
 */
export async function startServers() {
  const found = { REDIS_URL: await findRedis(), MONGO_URL: await findServer(standalone) };
  for (const [name, server] of Object.entries(found)) {
    if (server.url) process.env[name] = server.url;
    else if (process.env.SESSIONS_REQUIRE_SERVERS === '1')
      throw new Error(`${name}: ${server.reason}`);
    else console.log(`what needs ${name} is skipped: ${server.reason}`);
  }
  return { stop: () => Promise.all(Object.values(found).map((server) => server.stop?.())) };
}
