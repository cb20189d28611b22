// Appends items of 1 KB to histories in Redis, and pushes them to a list of the server. Prints the
// microseconds of one call.
import { strictEqual } from 'node:assert';
import { History } from '@sessions/history';
import { Redis } from 'ioredis';

const TIMES = 1000;
const SOME = 400;
const AT_ONCE = 500; // items of one append, to fill a history

const { lengths, place } = JSON.parse(process.argv[2]);
const { openOurs } = await import('./cases/redis.js');
const store = await openOurs(place);
const history = new History(store);
const redis = new Redis(place.url);
const itemOf = (n) => ({ role: 'user', n, content: 'x'.repeat(980) });
const named = (n) => ({ operationId: `operation ${n}` });

const push = (list) => (n) => redis.rpush(`${place.namespace}:${list}`, JSON.stringify(itemOf(n)));
const append = (id) => (n) => history.append(id, [itemOf(n)]);
const appendNamed = (id) => (n) => history.append(id, [itemOf(n)], named(n));

for (const call of [push('warm'), append('warm'), appendNamed('warm named')])
  await time(SOME, call);
const result = {
  push: await time(TIMES, push('list')),
  append: await time(TIMES, append('a')),
  named: await time(TIMES, appendNamed('b')),
  appendTo: {},
  namedTo: {},
  last: {},
};
let length = 0;
for (const next of lengths) {
  for (; length < next; ) {
    const items = Array.from({ length: Math.min(AT_ONCE, next - length) }, (_, n) =>
      itemOf(length + n),
    );
    const operationId = ({ n }) => `operation ${n}`;
    await history.append('plain', items);
    await history.append('named', items, { operationId });
    length += items.length;
  }
  result.appendTo[next] = await time(SOME, append('plain'));
  result.namedTo[next] = await time(SOME, (n) => appendNamed('named')(next + n));
  length += SOME;
  result.last[next] = await time(SOME, async () => {
    strictEqual((await history.items('plain', { limit: 20 })).length, 20);
  });
}
strictEqual(await history.length('plain'), length);
strictEqual(await history.length('named'), length);
console.log(JSON.stringify(result));
process.exit(0);

async function time(times, call) {
  const start = performance.now();
  for (let n = 0; n < times; n++) await call(n);
  return ((performance.now() - start) * 1000) / times;
}
