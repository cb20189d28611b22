import { expect, test } from '@jest/globals';
import { isSoak, report } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../../src/index.ts';
import { startWorker } from '../processes.ts';

const OVERWRITES = isSoak ? 30_000 : 3_000;

test(`readers see whole versions, in order, during ${OVERWRITES} overwrites`, async () => {
  const folder = await temporaryFolder();
  const options = { flush: false };
  await new FileSessionStore(folder, options).write('a', {
    n: 0,
    again: 0,
    padding: '0,'.repeat(500),
  });
  const readers = [0, 1].map(() => startWorker('watch', folder, options, ['a', OVERWRITES]));
  const writer = startWorker('overwrite', folder, options, ['a', OVERWRITES]);
  await writer.ended;
  if (writer.lines[0] !== 'acknowledged') for (const { child } of readers) child.kill('SIGKILL');
  await Promise.all(readers.map(({ ended }) => ended));
  const lines = readers.flatMap((reader) => reader.lines);
  expect(writer.lines).toEqual(['acknowledged']);
  expect(lines.filter((line) => !line.startsWith('reads'))).toEqual([]);
  const reads = lines.reduce((sum, line) => sum + Number(line.replace('reads ', '')), 0);
  expect(reads).toBeGreaterThan(OVERWRITES / 10);
  report(`${reads} reads during ${OVERWRITES} overwrites; torn, missing or out of order: 0`);
}, 600_000);
