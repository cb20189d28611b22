import { totalmem } from 'node:os';
import { run } from './child.js';
import { isServer, isStandIn, missing, withPlace } from './place.js';
import { ratio, short } from './statistics.js';

const most = Number(process.env.PEERS_MOST || 1e6); // fewer, to try it out
const sizes = [1e3, 1e5, 1e6].filter((size) => size <= most);
const largest = { memory: 1e6, file: 1e5, sqlite: 1e6, redis: 1e6, mongo: 1e6, postgres: 1e5 };
const HEAP = 1e5;
const flags = ['--expose-gc', `--max-old-space-size=${Math.floor((totalmem() * 0.7) / 2 ** 20)}`];

/** Each size of store once: how long a read and a write take, and what many sessions cost. */
export async function measureScale({ seconds, failed }) {
  const rows = [];
  const points = [];
  const attempt = async (name, task) => {
    try {
      const result = await task();
      console.log('scale', name, result);
      return result;
    } catch (error) {
      failed(`scale: ${name}`, error);
    }
  };
  for (const [group, by] of [
    ...Object.keys(largest).map((group) => [group]),
    ['memory', 'cache'],
  ]) {
    if ((await missing(group)) || (await isStandIn(group))) continue;
    const row = [by ? 'lru-cache + JSON' : `@sessions/${group}`];
    for (const size of sizes) {
      if (size > largest[group]) continue;
      const order = { group, by, size, seconds };
      const options = { flags, pin: isServer(group) ? 'client' : undefined };
      const done = await attempt(`${row[0]} ${size}`, () =>
        withPlace(group, async (place) => {
          const times = await run('scale-worker.js', { ...order, place }, options);
          if (group === 'redis' && size === sizes.at(-1)) points.push(await listings(place));
          return times;
        }),
      );
      row.push(done ? `${short(done.read)} / ${short(done.write)}` : 'failed');
    }
    rows.push(row);
  }
  const heap = await attempt('heap', heaps);
  if (heap) points.push(heap);
  return {
    title: 'Scale',
    note: 'Microseconds of a read / of a write, one at a time, of random sessions among so many; measured once.',
    head: ['package', ...sizes.map((size) => size.toLocaleString('en'))],
    rows,
    points,
  };
}

async function listings(place) {
  const options = { flags, pin: 'client' };
  const bare = await run('listing-worker.js', { by: 'client', place }, options);
  const ours = await run('listing-worker.js', { by: 'store', place }, options);
  if (ours.count !== bare.count) throw new Error(`${ours.count} listed of ${bare.count}`);
  const [store, loop] = [ours, bare].map(
    ({ perSecond, grown }) => `${short(perSecond)} sessions/s, ${short(grown / 1e6)} MB`,
  );
  return `\`entries\` of ${ours.count.toLocaleString('en')} sessions in Redis: ${store} more memory; by SCAN, GET and JSON.parse alone: ${loop}. That is ${ratio(ours.perSecond / bare.perSecond)} times its rate.`;
}

async function heaps() {
  const size = Math.min(HEAP, most);
  const store = await run('heap-worker.js', { by: 'store', size }, { flags });
  const cache = await run('heap-worker.js', { by: 'cache', size }, { flags });
  return `In memory a session takes ${short(store)} bytes in \`@sessions/memory\`, and ${short(cache)} as JSON in lru-cache, its id included.`;
}
