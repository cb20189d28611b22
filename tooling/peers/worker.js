// Runs one case, one pair at a time and then 64 at once. A pair is a write or an update of a session,
// and a read that must find it. Prints what it measured as JSON.
import { deepStrictEqual } from 'node:assert';
import { afterWarmUp, lanes } from './lanes.js';
import { ids, SESSIONS, sessionOf } from './session.js';

const WIDE = 64; // divides SESSIONS, so that each session has one lane of its own
const { group, index, seconds, place } = JSON.parse(process.argv[2]);
const { cases } = await import(`./cases/${group}.js`);
const { name, does, open } = cases[index];
const perLook = group === 'memory' ? 64 : 1; // pairs between two looks at the clock

const store = await open(place);
const sessions = ids.map((_, n) => sessionOf(n));
await lanes(WIDE, async (lane) => {
  for (let n = lane; n < SESSIONS; n += WIDE) {
    await store.write(ids[n], sessions[n]);
    const found = await store.read(ids[n]);
    // Some add members of their own.
    for (const key of Object.keys(sessions[n])) deepStrictEqual(found[key], sessions[n][key], name);
  }
});
const measured = (width) => afterWarmUp(seconds, (long) => run(width, long));
const result = { one: await measured(1), many: await measured(WIDE) };
await store.close();
console.log(JSON.stringify(result));
process.exit(0);

async function run(width, long) {
  const start = performance.now();
  const end = start + long * 1000;
  const before = process.cpuUsage();
  let count = 0;
  await lanes(width, async (lane) => {
    for (let n = lane; performance.now() < end; count += perLook) {
      for (let i = 0; i < perLook; i++, n = (n + width) % SESSIONS) await pair(n);
    }
  });
  const { user, system } = process.cpuUsage(before);
  const perSecond = (count * 1000) / (performance.now() - start);
  return { perSecond, cpu: (user + system) / count };
}

async function pair(n) {
  const session = sessions[n];
  const seen = ++session.meta.lastSeen;
  if (does === 'write') await store.write(ids[n], session);
  else {
    await store.update(ids[n], (found) => {
      found.meta.lastSeen++;
      return found;
    });
  }
  const found = await store.read(ids[n]);
  if (found.user.id !== session.user.id || found.meta.lastSeen !== seen) {
    throw new Error(`${name}: ${ids[n]} is not what was written`);
  }
}
