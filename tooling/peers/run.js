// Usage: pnpm bench:peers [rounds=5] [seconds=1] [group ...]
//
// A group is memory, file, sqlite, redis, mongo, postgres, writers, history, weight or scale.
//
// Measures these stores beside others that people use. What is not named keeps its last results.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { toSvg } from './chart.js';
import { measureHistory } from './history.js';
import { measurePairs } from './pairs.js';
import { missing } from './place.js';
import { measureScale } from './scale.js';
import { toMarkdown } from './table.js';
import { measureWeight } from './weight.js';
import { measureWriters } from './writers.js';

const parts = {
  memory: (how) => measurePairs('memory', how),
  file: (how) => measurePairs('file', how),
  sqlite: (how) => measurePairs('sqlite', how),
  redis: (how) => measurePairs('redis', how),
  mongo: (how) => measurePairs('mongo', how),
  postgres: (how) => measurePairs('postgres', how),
  writers: measureWriters,
  history: measureHistory,
  weight: measureWeight,
  scale: measureScale, // last: it may be too much for a server
};

const [rounds = 5, seconds = 1] = process.argv.slice(2, 4).map(Number);
const asked = process.argv.slice(4);
const names = Object.keys(parts).filter((name) => asked.length === 0 || asked.includes(name));
if (!(rounds >= 1 && seconds > 0) || (asked.length > 0 && names.length !== asked.length)) {
  console.error(`usage: run.js [rounds=5] [seconds=1] [${Object.keys(parts).join(' | ')} ...]`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1)); // stops servers

const date = new Date().toISOString().slice(0, 10);
const machine = `${cpus()[0].model}, ${cpus().length} cores`;
const conditions = `Node ${process.version}, ${machine}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s, ${date}`;
const failed = (name, error) => {
  console.error(`failed: ${name}: ${error.stderr || error.message}`);
  process.exitCode = 1;
};

const file = (name) => new URL(name, import.meta.url);
const kept = existsSync(file('results.json')) ? JSON.parse(readFileSync(file('results.json'))) : {};
for (const name of names) {
  const reason = await missing(name);
  if (reason) {
    console.log(`${name} is left out: ${reason}`);
    continue;
  }
  kept[name] = { conditions, ...(await parts[name]({ rounds, seconds, failed })) };
  save(Object.keys(parts).flatMap((part) => kept[part] ?? []));
}
process.exit();

function save(sections) {
  writeFileSync(file('results.json'), `${JSON.stringify(kept, null, 1)}\n`);
  writeFileSync(file('results.md'), toMarkdown(sections));
  writeFileSync(file('results.svg'), toSvg(sections.filter(({ bars }) => bars?.length > 0)));
}
