import { run } from './child.js';
import { missing, withPlace } from './place.js';
import { median, ratio, spread } from './statistics.js';

const LENGTHS = [100, 1000, 10_000, 100_000];

/** Items of 1 KB on Redis: beside a list of the server's own, and at several lengths. */
export async function measureHistory({ rounds, failed }) {
  const results = [];
  for (let round = 0; round < rounds && !(await missing('redis')); round++) {
    try {
      const measured = await withPlace('redis', (place) =>
        run('history-worker.js', { group: 'redis', lengths: LENGTHS, place }, { pin: 'client' }),
      );
      console.log(round + 1, 'history', measured);
      results.push(measured);
    } catch (error) {
      failed('history', error);
    }
  }
  const row = (name, pick) => [
    name,
    spread(results.map(pick)),
    ratio(median(results.map((result) => pick(result) / result.push))),
  ];
  const at = (name, what) =>
    LENGTHS.map((length) => {
      const label = `${name} ${length.toLocaleString('en')}`;
      return row(label, (result) => result[what][length]);
    });
  const rows = [
    row('RPUSH, ioredis alone', ({ push }) => push),
    row('append, 1,000 in turn', ({ append }) => append),
    row('append with an operationId, 1,000 in turn', ({ named }) => named),
    ...at('append to', 'appendTo'),
    ...at('append with an operationId to', 'namedTo'),
    ...at('the last 20 of', 'last'),
  ];
  return {
    title: 'Histories',
    note: 'Microseconds of one call of `@sessions/history` on Redis, one at a time, with items of 1 KB; × RPUSH is how many times as long as an RPUSH of one, of 1,000 in the same run.',
    head: ['call', 'µs', '× RPUSH'],
    rows: results.length > 0 ? rows : [],
  };
}
