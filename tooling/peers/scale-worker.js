// Fills a store of ours, or lru-cache, with so many sessions, then reads and writes some of them, one at a time.
// Prints the microseconds that each took.
import { afterWarmUp, lanes } from './lanes.js';
import { idOf, sessionOf } from './session.js';

const LANES = 64;
const { group, by, size, seconds, place } = JSON.parse(process.argv[2]);
const { openOurs, openFloor } = await import(`./cases/${group}.js`);

const filler = await (by === 'cache' ? openFloor : openOurs)(place, false); // files need not be flushed for this
let next = 0;
await lanes(LANES, async () => {
  for (let n = next++; n < size; n = next++) await filler.write(idOf(n), sessionOf(n));
});
const store = group === 'memory' ? filler : await openOurs(place);
const read = await microseconds(async (n) => {
  if ((await store.read(idOf(n))).user.id !== sessionOf(n).user.id)
    throw new Error('another session');
});
const write = await microseconds((n) => store.write(idOf(n), sessionOf(n)));
console.log(JSON.stringify({ read, write }));
process.exit(0);

function microseconds(call) {
  return afterWarmUp(seconds, (long) => calls(call, long));
}

async function calls(call, long) {
  const start = performance.now();
  let count = 0;
  for (; performance.now() < start + long * 1000; count++) {
    await call(Math.floor(Math.random() * size));
  }
  return ((performance.now() - start) * 1000) / count;
}
