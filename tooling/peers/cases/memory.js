import { LIFETIME_S, SESSIONS } from '../session.js';
import { bound, ofKeyv, ofUnstorage, promised } from './adapt.js';

const FLOOR = 'lru-cache + JSON';
const MAX = SESSIONS * 10;
const durability = 'in memory';

export const cases = [
  { name: FLOOR, does: 'write', durability, open: () => lruCache() },
  { name: 'express-session MemoryStore', does: 'write', durability, floor: FLOOR, open: express },
  { name: 'memorystore', does: 'write', durability, floor: FLOOR, open: memorystore },
  { name: 'keyv', does: 'write', durability, floor: FLOOR, open: keyv },
  { name: 'unstorage memory', does: 'write', durability, floor: FLOOR, open: unstorage },
  { name: '@sessions/memory', does: 'write', durability, floor: FLOOR, open: ours },
  { name: FLOOR, does: 'update', durability, open: () => lruCache() },
  { name: '@sessions/memory', does: 'update', durability, floor: FLOOR, open: ours },
];

export async function openOurs() {
  const { MemorySessionStore } = await import('@sessions/memory');
  return new MemorySessionStore(Infinity, LIFETIME_S / 60).init();
}

async function ours() {
  return bound(await openOurs());
}

export async function openFloor() {
  const { read, write } = await lruCache(Infinity);
  return { read: async (id) => read(id), write: async (id, session) => write(id, session) };
}

async function lruCache(max = MAX) {
  const { LRUCache } = await import('lru-cache');
  const ttl = LIFETIME_S * 1000;
  const cache = new LRUCache(max === Infinity ? { ttl, ttlAutopurge: false } : { max, ttl });
  const read = (id) => JSON.parse(cache.get(id));
  const write = (id, session) => {
    cache.set(id, JSON.stringify(session));
  };
  return { read, write, update: (id, change) => write(id, change(read(id))), close() {} };
}

async function express() {
  const { default: session } = await import('express-session');
  return promised(new session.MemoryStore());
}

async function memorystore() {
  const { default: session } = await import('express-session');
  const { default: create } = await import('memorystore');
  const Store = create(session);
  return promised(new Store({ checkPeriod: 0, max: MAX, ttl: LIFETIME_S * 1000 }));
}

async function keyv() {
  const { Keyv } = await import('keyv');
  return ofKeyv(new Keyv({ ttl: LIFETIME_S * 1000 }));
}

async function unstorage() {
  const { createStorage } = await import('unstorage');
  return ofUnstorage(createStorage());
}
