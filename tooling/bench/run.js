// Usage: pnpm bench [rounds] [part of a case's name]
//
// Each case runs in processes of its own, so that none is compiled for another's data; the rounds
// are interleaved, so that a machine that slows down meanwhile slows all of them.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cases } from './cases.js';

const rounds = Number(process.argv[2] ?? 7);
const [baseline, ...others] = Object.keys(cases);
const names = [baseline, ...others.filter((name) => name.includes(process.argv[3] ?? ''))];
const runCase = fileURLToPath(new URL('run-case.js', import.meta.url));

console.log(`Node ${process.version}, sessions of 1 KiB, medians of ${rounds} rounds.`);
console.log(`The ratio is how many times as fast as ${baseline}.`);
compare('One session', 1);
// Does not fit in the processor's cache: a graph of objects suffers more from that than a text.
compare('1,000 sessions in turn', 1000);

function compare(title, sessions) {
  const times = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const output = execFileSync(process.execPath, [runCase, name, sessions]);
      times.get(name).push(Number(output));
    }
  }
  const base = median(times.get(baseline));
  console.log(`\n${row(title, 'µs per op', 'min – max', 'ops/s', 'ratio')}`);
  for (const name of names) {
    const all = times.get(name);
    const middle = median(all);
    const range = `${Math.min(...all).toFixed(2)} – ${Math.max(...all).toFixed(2)}`;
    const perSecond = Math.round(1e6 / middle).toLocaleString('en');
    console.log(row(name, middle.toFixed(2), range, perSecond, `${(base / middle).toFixed(2)} ×`));
  }
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function row(name, ...columns) {
  return name.padEnd(26) + columns.map((column) => column.padStart(16)).join('');
}
