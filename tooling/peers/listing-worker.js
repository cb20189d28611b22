// Goes through all sessions that a store of ours has in Redis, by the store or by the client alone.
// Prints how many a second, and the bytes that the process grew by meanwhile.
import { openOurs } from './cases/redis.js';

const { by, place } = JSON.parse(process.argv[2]);
const walk = by === 'store' ? await byStore() : await byClient();
globalThis.gc();
const before = process.memoryUsage.rss();
let most = before;
const timer = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 20);
const start = performance.now();
const count = await walk();
const perSecond = (count * 1000) / (performance.now() - start);
clearInterval(timer);
console.log(JSON.stringify({ count, perSecond, grown: most - before }));
process.exit(0);

async function byStore() {
  const store = await openOurs(place);
  return async () => {
    let count = 0;
    for await (const [, session] of store.entries()) count += session.user ? 1 : 0;
    return count;
  };
}

/** SCAN, and GET for every key of a page. */
async function byClient() {
  const { Redis } = await import('ioredis');
  const redis = new Redis(place.url);
  await redis.ping();
  return async () => {
    let count = 0;
    let cursor = '0';
    do {
      const [after, keys] = await redis.scan(
        cursor,
        'MATCH',
        `${place.namespace}:*`,
        'COUNT',
        1000,
      );
      const texts = await Promise.all(keys.map((key) => redis.get(key)));
      for (const text of texts) count += JSON.parse(text.slice(text.indexOf('\n'))).user ? 1 : 0;
      cursor = after;
    } while (cursor !== '0');
    return count;
  };
}
