import { findServer } from '../servers/find-server.ts';
import { mongo } from '../servers/mongo.ts';
import { findRedis } from '../servers/redis.ts';

// A MongoDB that is no replica set, as a newcomer starts it.
const standalone = {
  ...mongo,
  args: (...where) => mongo.args(...where).filter((arg) => !/^(--replSet|rs0)$/.test(arg)),
};

/** Names servers to the bots by REDIS_URL and MONGO_URL. Those that are missing are allowed only where
 * SESSIONS_REQUIRE_SERVERS is not 1. */
export async function startServers() {
  const found = { REDIS_URL: await findRedis(), MONGO_URL: await findServer(standalone) };
  for (const [name, server] of Object.entries(found)) {
    if (server.url) process.env[name] = server.url;
    else if (process.env.SESSIONS_REQUIRE_SERVERS === '1') throw new Error(server.reason);
    else console.log(`what needs ${name} is skipped: ${server.reason}`);
  }
  return { stop: () => Promise.all(Object.values(found).map((server) => server.stop?.())) };
}
