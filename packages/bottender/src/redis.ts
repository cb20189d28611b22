import type { Redis } from 'ioredis';
import { type Found, parse } from './found.ts';

/**
 * Bottender's `RedisSessionStore`: each session under its id, behind the `keyPrefix` of the URL, with
 * a lifetime of the server's. `Client` is the class of any ioredis since 4.25.
 */
export async function* readRedis(url: string, Client: typeof Redis): AsyncGenerator<Found> {
  const redis = new Client(url, {
    lazyConnect: true,
    connectTimeout: 10_000,
    commandTimeout: 10_000,
    retryStrategy: () => null,
  });
  let failure: Error | undefined;
  redis.on('error', (error) => {
    failure ??= error;
  });
  try {
    await redis.connect();
    const prefix = redis.options.keyPrefix ?? ''; // scan neither puts it before a pattern nor takes it off
    const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 250);
      cursor = next;
      const names = keys.map((key) => key.slice(prefix.length));
      for (const found of await Promise.all(names.map((name) => look(redis, name)))) {
        if (found) yield found;
      }
    } while (cursor !== '0');
  } catch (error) {
    throw failure ?? error; // the connection's own is why it is closed
  } finally {
    redis.disconnect();
  }
}

async function look(redis: Redis, name: string): Promise<Found | undefined> {
  const [text, left] = await Promise.all([
    redis.get(name).catch((error: Error) => {
      if (error.message.startsWith('WRONGTYPE')) return undefined;
      throw error;
    }),
    redis.pttl(name),
  ]);
  if (text === null || (text && isOurs(text))) return undefined; // expired just now, or moved before
  const session = text === undefined ? undefined : parse(text);
  if (!session) return { name, problem: 'it is no JSON object' };
  if (session.id !== name) return { name, problem: 'the id in it is not the key' };
  return { id: name, session, expiresAt: left < 0 ? null : Date.now() + left };
}

/** Whether a store of @sessions/redis has written it. */
function isOurs(text: string): boolean {
  return /^s\d+ \d+ /.test(text);
}
