import { execFileSync } from 'node:child_process';
import { nodeOf, run } from './child.js';
import { isServer, isStandIn, withPlace } from './place.js';
import { serverOf } from './servers.js';
import { median, ratio, short, spread } from './statistics.js';

const titles = {
  memory: 'Memory',
  file: 'Files',
  sqlite: 'SQLite',
  redis: 'Redis',
  mongo: 'MongoDB',
  postgres: 'PostgreSQL',
};
const WIDTHS = ['one', 'many'];

/** The cases of one backend, each in a process of its own. The rounds go through all cases in turn. */
export async function measurePairs(group, { rounds, seconds, failed }) {
  const { cases } = await import(`./cases/${group}.js`);
  const results = cases.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { name, does }] of cases.entries()) {
      try {
        const options = { pin: isServer(group) ? 'client' : undefined };
        const order = { group, index, seconds };
        results[index][round] = await withPlace(group, (place) =>
          run('worker.js', { ...order, place }, options),
        );
        console.log(round + 1, group, name, does, Math.round(results[index][round].one.perSecond));
      } catch (error) {
        failed(`${name}: ${does}`, error);
      }
    }
  }
  const rows = cases.map((each, index) => {
    const floor = cases.findIndex(({ name, does }) => name === each.floor && does === each.does);
    return summary(each, results[index], results[floor]);
  });
  return {
    title: titles[group],
    note: await noteOn(group),
    head: [
      ...['case', 'a pair is', 'durability'],
      ...['pairs/s, one at a time', '× floor', 'pairs/s, 64 at once', '× floor'],
      'client CPU µs per pair, one / 64',
    ],
    rows: rows.map(({ cells }) => cells),
    bars: (await isStandIn(group)) ? [] : rows.flatMap(({ bar }) => (bar ? [bar] : [])),
  };
}

async function noteOn(group) {
  if (isServer(group)) return `Server: ${(await serverOf(group)).about}.`;
  const node = nodeOf(group);
  if (node === process.execPath) return undefined;
  return `With Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}.`;
}

function summary({ name, does, durability, floor }, results, floors) {
  const done = results.filter(Boolean);
  const pair = `${does} + read`;
  if (done.length === 0) return { cells: [name, pair, durability, 'failed'] };
  const [one, many] = WIDTHS.map((width) => {
    const rates = done.map((result) => result[width].perSecond);
    // A machine that is slower in one round is so for both.
    const ratios = results.flatMap((result, round) => {
      const floor = floors?.[round];
      return result && floor ? [result[width].perSecond / floor[width].perSecond] : [];
    });
    const cpu = median(done.map((result) => result[width].cpu));
    return { rates, cpu, ratio: ratios.length > 0 ? median(ratios) : undefined };
  });
  const times = (width) => (floors ? width.ratio && ratio(width.ratio) : 'floor');
  const cells = [
    ...[name, pair, durability],
    ...[spread(one.rates), times(one), spread(many.rates), times(many)],
    `${short(one.cpu)} / ${short(many.cpu)}`,
  ];
  if (one.ratio === undefined) return { cells };
  return { cells, bar: { name, pair, durability, floor, one: one.ratio, many: many.ratio } };
}
