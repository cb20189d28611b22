// Opens a store of ours and waits for a line. Then so many writers count up one session by `update`
// for a while. Prints how many updates that were, and the count that is stored after them.
import { once } from 'node:events';
import { lanes } from './lanes.js';
import { sessionOf } from './session.js';

const { group, writers, seconds, place } = JSON.parse(process.argv[2]);
const { openOurs } = await import(`./cases/${group}.js`);
const store = await openOurs(place);
await store.read('shared');
console.log('ready');
await once(process.stdin, 'data');

const start = performance.now();
let count = 0;
await lanes(writers, writer);
const took = (performance.now() - start) / 1000;
const { stored } = await store.read('shared');
await store.close();
console.log(JSON.stringify({ count, took, stored }));
process.exit(0);

async function writer() {
  while (performance.now() < start + seconds * 1000) {
    await store.update('shared', (found) => {
      const session = found ?? sessionOf(0);
      session.stored = (session.stored ?? 0) + 1;
      return session;
    });
    count++;
  }
}
