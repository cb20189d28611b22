// Prints the bytes of heap that each session takes in a memory store, or as JSON in an lru-cache.
import { LRUCache } from 'lru-cache';
import { openOurs } from './cases/memory.js';
import { idOf, sessionOf } from './session.js';

const { by, size } = JSON.parse(process.argv[2]);
const { write, count } = by === 'store' ? await store() : cache();
globalThis.gc();
const before = used();
// Parsed, as sessions are that come from anywhere: with texts of their own.
for (let n = 0; n < size; n++) await write(idOf(n), JSON.parse(JSON.stringify(sessionOf(n))));
globalThis.gc();
const bytes = (used() - before) / size;
// Asking also keeps them from having been collected as garbage.
if ((await count()) !== size) throw new Error('sessions are missing');
console.log(JSON.stringify(bytes));
process.exit(0);

function used() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function store() {
  const sessions = await openOurs();
  const write = (id, session) => sessions.write(id, session);
  const count = async () => {
    let ids = 0;
    for await (const _ of sessions.ids()) ids++;
    return ids;
  };
  return { write, count };
}

function cache() {
  const texts = new LRUCache({ max: size });
  const write = (id, session) => texts.set(id, JSON.stringify(session));
  return { write, count: () => texts.size };
}
