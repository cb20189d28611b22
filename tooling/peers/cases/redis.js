import { LIFETIME_S, TIMEOUT_MS } from '../session.js';
import { bound, byHand, ofKeyv, ofUnstorage, promised } from './adapt.js';

const FLOOR = 'ioredis + JSON';
const OURS = '@sessions/redis';
const durability = 'server';

export const cases = [
  { name: FLOOR, does: 'write', durability, open: ioredis },
  { name: 'connect-redis', does: 'write', durability, floor: FLOOR, open: express },
  { name: 'unstorage redis', does: 'write', durability, floor: FLOOR, open: unstorage },
  { name: '@keyv/redis', does: 'write', durability, floor: FLOOR, open: keyv },
  { name: OURS, does: 'write', durability, floor: FLOOR, open: ours },
  { name: FLOOR, does: 'update', durability, open: byHand(ioredis) },
  { name: OURS, does: 'update', durability, floor: FLOOR, open: ours },
];

export async function openOurs({ url, namespace }) {
  const { RedisSessionStore } = await import('@sessions/redis');
  const options = {
    prefix: `${namespace}:`,
    expiresIn: LIFETIME_S / 60,
    timeout: TIMEOUT_MS,
    onWarning() {},
  };
  return new RedisSessionStore(url, options).init();
}

async function ours(place) {
  return bound(await openOurs(place));
}

async function ioredis({ url, namespace }) {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url);
  const key = (id) => `${namespace}:${id}`;
  return {
    write: (id, session) => redis.set(key(id), JSON.stringify(session), 'EX', LIFETIME_S),
    read: async (id) => JSON.parse(await redis.get(key(id))),
    close: () => redis.quit(),
  };
}

async function express({ url, namespace }) {
  const { createClient } = await import('redis');
  const { RedisStore } = await import('connect-redis');
  const client = await createClient({ url }).connect();
  const store = new RedisStore({ client, prefix: `${namespace}:`, ttl: LIFETIME_S });
  return promised(store, () => client.close());
}

async function unstorage({ url, namespace }) {
  const { createStorage } = await import('unstorage');
  const { default: driver } = await import('unstorage/drivers/redis');
  return ofUnstorage(createStorage({ driver: driver({ url, base: namespace, ttl: LIFETIME_S }) }));
}

async function keyv({ url, namespace }) {
  const { Keyv } = await import('keyv');
  const { default: KeyvRedis } = await import('@keyv/redis');
  const store = new Keyv({ store: new KeyvRedis(url), namespace, ttl: LIFETIME_S * 1000 });
  return ofKeyv(store, () => store.disconnect());
}
