import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { command } from './child.js';
import { isServer, isStandIn, missing, withPlace } from './place.js';
import { median, ratio, spread } from './statistics.js';

const WRITERS = 16;
const PROCESSES = 4;
const GROUPS = ['memory', 'file', 'sqlite', 'redis', 'mongo', 'postgres'];

/** Many writers of one session at once, against a lone one: what it costs to lose no update. */
export async function measureWriters({ rounds, seconds, failed }) {
  const rows = [];
  for (const group of GROUPS) {
    if (await missing(group)) continue;
    const ways = { lone: [1, 1], together: [1, WRITERS], apart: [PROCESSES, WRITERS / PROCESSES] };
    if (group === 'memory') delete ways.apart;
    const rates = { lone: [], together: [], apart: [] };
    for (let round = 0; round < rounds; round++) {
      for (const [way, [processes, writers]] of Object.entries(ways)) {
        try {
          const rate = await updates(group, processes, { writers, seconds });
          rates[way][round] = rate;
          console.log(round + 1, 'writers', group, way, Math.round(rate));
        } catch (error) {
          failed(`writers: ${group} ${way}`, error);
        }
      }
    }
    const server = (await isStandIn(group)) ? ', with a stand-in' : '';
    const row = [`@sessions/${group}${server}`, cell(rates.lone)];
    for (const way of ['together', 'apart']) {
      const ratios = rates[way]
        .map((rate, round) => rate / rates.lone[round])
        .filter(Number.isFinite);
      row.push(cell(rates[way]), ratios.length > 0 ? ratio(median(ratios)) : '–');
    }
    rows.push(row);
  }
  return {
    title: `${WRITERS} writers of one session`,
    note: 'Updates per second, by `update`. After each run the session had counted every one of them.',
    head: [
      ...['package', 'a lone writer', `${WRITERS} in one process`, '× lone'],
      ...[`${WRITERS} in ${PROCESSES} processes`, '× lone'],
    ],
    rows,
  };
}

function cell(rates) {
  const done = rates.filter(Boolean);
  return done.length > 0 ? spread(done) : '–';
}

function updates(group, processes, order) {
  return withPlace(group, async (place) => {
    const options = { pin: isServer(group) ? 'clients' : undefined };
    const all = Array.from({ length: processes }, () =>
      worker({ ...order, group, place }, options),
    );
    try {
      for (const { said } of all) await said('ready');
      for (const { child } of all) child.stdin.write('go\n');
      const results = [];
      for (const { said } of all) results.push(JSON.parse(await said('{')));
      const count = results.reduce((sum, result) => sum + result.count, 0);
      // Who was done last has read the count of all.
      const stored = Math.max(...results.map((result) => result.stored));
      if (stored !== count) throw new Error(`${count} updates, and ${stored} of them stored`);
      return count / Math.max(...results.map(({ took }) => took));
    } finally {
      for (const { child } of all) child.kill();
    }
  });
}

function worker(order, options) {
  const child = spawn(...command('writers-worker.js', order, options), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async said(start) {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error('the process ended too early');
        if (value.startsWith(start)) return value;
      }
    },
  };
}
