// Usage: node run-case.js <case> <sessions>
//
// Runs one case and prints the microseconds of one operation. It is the processor's time, that of
// the garbage collector included, so that what else runs on the machine counts less.
import { cases } from './cases.js';

const WARM_UP_MS = 400;
const MEASURE_MS = 800;
const BATCH = 500;

const [name, sessions] = process.argv.slice(2);
const ids = Array.from({ length: Number(sessions) }, (_, i) => `telegram:${4_815_162_342 + i}`);
const run = await cases[name](ids);
await perOperation(WARM_UP_MS);
console.log(await perOperation(MEASURE_MS));

async function perOperation(milliseconds) {
  const end = performance.now() + milliseconds;
  const before = process.cpuUsage();
  let count = 0;
  while (performance.now() < end) {
    await run(BATCH);
    count += BATCH;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
