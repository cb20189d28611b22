import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { report, testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { SqliteSessionStore } from '../../src/index.ts';
import { startWorker } from '../processes.ts';

/** What a worker writes to the log of the database, and flushes, before it acknowledges one call. */
async function steps(synchronous: 'FULL' | 'NORMAL', call: readonly string[]): Promise<string[]> {
  const folder = await temporaryFolder();
  const path = join(folder, 'sessions.db');
  const store = new SqliteSessionStore(path);
  await store.write('a', { n: 0 });
  const log = join(folder, 'strace.log');
  const within = ['strace', '-y', '-e', 'trace=pwrite64,fsync,fdatasync,write', '-o', log];
  const worker = startWorker('once', path, { synchronous }, call, { within });
  await worker.ready;
  const before = (await readFile(log, 'utf8')).length;
  worker.child.stdin?.write('go\n');
  await worker.ended;
  await store.close();
  expect(worker.lines).toEqual(['acknowledged']);
  const calls = (await readFile(log, 'utf8')).slice(before);
  const [until = ''] = calls.split('"acknowledged');
  const names = [...until.matchAll(/^(pwrite64|fsync|fdatasync)\(.*sessions\.db-wal>/gm)];
  return names.map(([, name]) => (name === 'pwrite64' ? 'write' : 'flush'));
}

testWith(
  ['linux', 'root', 'strace'],
  'what changes is flushed before it is acknowledged; with NORMAL it is not',
  async () => {
    for (const call of [
      ['write', '"a"', '{"n":1}'],
      ['destroy', '"a"'],
    ]) {
      const full = await steps('FULL', call);
      expect(full[0]).toBe('write');
      expect(full.at(-1)).toBe('flush');
      const normal = await steps('NORMAL', call);
      expect(normal).toContain('write');
      expect(normal.at(-1)).not.toBe('flush');
    }
    report('a write and a destroy are flushed before they are acknowledged');
  },
);

testWith(['linux', 'root', 'strace'], 'what is written at once is flushed once', async () => {
  const calls = await steps('FULL', ['writeMany', '50']);
  expect(calls.filter((call) => call === 'flush')).toHaveLength(1);
});
