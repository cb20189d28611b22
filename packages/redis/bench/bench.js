// Usage: node bench/bench.js [port of a Redis on 127.0.0.1] [rounds]
//
// How calls reach the socket: each in its own write, in the automatic pipelines of ioredis, or
// corked until the end of the turn, as the store does it; alone and 64 at a time. Rounds are
// interleaved, so that a machine that slows down meanwhile slows all of them.
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { RedisSessionStore } from '../dist/index.js';

const port = Number(process.argv[2] ?? 6379);
const rounds = Number(process.argv[3] ?? 9);
const CALLS = 8192;
const prefix = `bench${randomBytes(4).toString('hex')}:`;
const session = { name: 'x'.repeat(900), list: [1, 2, 3], seen: { at: 1, by: 'telegram' } };

const plain = new Redis(port);
const automatic = new Redis(port, { enableAutoPipelining: true });
const corking = new Redis(port);
const store = new RedisSessionStore(port, { prefix, onWarning() {} });
const text = JSON.stringify(session);

let corked = false;
function cork() {
  if (corked) return;
  corked = true;
  corking.stream.cork();
  process.nextTick(() => {
    corked = false;
    corking.stream.uncork();
  });
}

const key = (n) => `${prefix}${n % 100}`;
const id = (n) => String(n % 100);
const cases = {
  'get: ioredis': (n) => plain.get(key(n)),
  'get: automatic pipelines': (n) => automatic.get(key(n)),
  'get: corked': (n) => {
    cork();
    return corking.get(key(n));
  },
  'set: ioredis': (n) => plain.set(`raw${key(n)}`, text, 'PX', 60_000),
  'set: automatic pipelines': (n) => automatic.set(`raw${key(n)}`, text, 'PX', 60_000),
  'set: corked': (n) => {
    cork();
    return corking.set(`raw${key(n)}`, text, 'PX', 60_000);
  },
  'store.read': (n) => store.read(id(n)),
  'store.write': (n) => store.write(id(n), session),
  'store.update': (n) => store.update(id(n), (found) => found),
};

for (let n = 0; n < 100; n++) await store.write(id(n), session);
const times = {};
for (let round = 0; round <= rounds; round++) {
  for (const [name, call] of Object.entries(cases)) {
    for (const width of [1, 64]) {
      const started = performance.now();
      let next = 0;
      const calls = width === 1 ? CALLS / 4 : CALLS;
      const worker = async () => {
        while (next < calls) await call(next++);
      };
      await Promise.all(Array.from({ length: width }, worker));
      if (round > 0) {
        times[name] ??= {};
        times[name][width] ??= [];
        times[name][width].push(((performance.now() - started) * 1000) / calls);
      }
    }
  }
}
console.log(`Node ${process.version}, 1 KiB, µs per call, medians of ${rounds} rounds\n`);
console.log(`${''.padEnd(28)}${'one at a time'.padStart(14)}${'64 at a time'.padStart(14)}`);
for (const [name, widths] of Object.entries(times)) {
  const columns = [1, 64].map((width) => median(widths[width]).toFixed(1).padStart(14));
  console.log(name.padEnd(28) + columns.join(''));
}
for (let n = 0; n < 100; n++) await plain.del(key(n), `raw${key(n)}`);
await store.close();
for (const client of [plain, automatic, corking]) client.disconnect();

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
