import { expect } from '@jest/globals';
import { report, testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../../src/index.ts';
import { type Operation, traced } from './trace.ts';

const NEEDS = ['linux', 'root', 'strace'] as const;
const write: Operation = ['write', 'a', { n: 1 }];

async function steps(operation: Operation, flush: boolean): Promise<string[]> {
  const folder = await temporaryFolder();
  await new FileSessionStore(folder, { flush }).write('a', { n: 0 });
  const { calls, worker } = await traced(folder, { flush }, operation, undefined);
  expect(worker.lines).toEqual(['acknowledged']);
  const isInPlace = /\/ca\/ca978112\w+\.json/;
  return calls.flatMap(({ name, text }) => {
    if (name === 'rename' && isInPlace.test(text)) return ['change'];
    return name === 'fsync' ? ['flush'] : [];
  });
}

testWith(
  NEEDS,
  'the file is flushed before it is put in place, and the folder afterwards',
  async () => {
    // A process flushes the folder above as well when it uses a folder for the first time.
    expect(await steps(write, true)).toEqual(['flush', 'flush', 'change', 'flush']);
    expect(await steps(['destroy', 'a'], true)).toEqual(['change', 'flush']);
    report('a write and a destroy are flushed before they are acknowledged');
  },
  20_000,
);

testWith(
  NEEDS,
  'with flush: false nothing is',
  async () => {
    expect(await steps(write, false)).toEqual(['change']);
    expect(await steps(['destroy', 'a'], false)).toEqual(['change']);
  },
  20_000,
);
