import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { isSoak, report, testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../../src/index.ts';
import { type Call, forEach, type Operation, targets, traced } from './trace.ts';

const OLD = { n: 1, old: true };
const NEW = { n: 2, text: 'new '.repeat(50) };
const NEEDS = ['linux', 'root', 'strace'] as const;
const EFFECTS = { SIGKILL: 'signal=SIGKILL', EIO: 'error=EIO', ENOSPC: 'error=ENOSPC' };

interface Case {
  readonly what: string;
  readonly operation: Operation;
  readonly before: object | null;
  readonly after: object | null;
}

const overwrite: Case = {
  what: 'a write over an old session',
  operation: ['write', 'a', NEW],
  before: OLD,
  after: NEW,
};
const create: Case = { ...overwrite, what: 'a write of a new session', before: null };
const destroy: Case = {
  what: 'a destroy',
  operation: ['destroy', 'a'],
  before: OLD,
  after: null,
};
const touch: Case = { what: 'a touch', operation: ['touch', 'a'], before: OLD, after: OLD };

for (const { what, operation, before, after } of isSoak
  ? [overwrite, create, destroy, touch]
  : [overwrite, destroy]) {
  describe(`at every system call of ${what}`, () => {
    for (const [name, effect] of Object.entries(EFFECTS)) {
      testWith(
        NEEDS,
        `${name} loses nothing`,
        async () => {
          const prepare = async () => {
            const folder = await temporaryFolder();
            const store = await new FileSessionStore(folder).init();
            await store.write('other', { untouched: true });
            if (before) await store.write('a', before);
            return folder;
          };
          const { calls } = await traced(await prepare(), {}, operation, undefined);
          const count = { tried: 0, acknowledged: 0, 'not applied': 0, unknown: 0, crashed: 0 };
          let isDataStruck = operation[0] === 'destroy';

          const strike = async (call: Call) => {
            const folder = await prepare();
            const { worker, struck } = await traced(folder, {}, operation, { call, effect });
            const [line] = worker.lines;
            count.tried++;
            if (struck?.includes('"{\\n')) isDataStruck = true;

            const warnings: Error[] = [];
            const store = new FileSessionStore(folder, {
              onWarning: (each) => warnings.push(each),
            });
            const found = await store.read('a');
            const context = { call, line, struck };
            if (line === 'acknowledged') {
              count.acknowledged++;
              expect({ context, found }).toEqual({ context, found: after });
            } else if (line?.includes('not-applied')) {
              count['not applied']++;
              expect({ context, found }).toEqual({ context, found: before });
            } else {
              count[line ? 'unknown' : 'crashed']++;
              expect([before, after]).toContainEqual(found);
            }
            // Nothing is left in the way, and nothing is left at all.
            await store.update('a', (session) => ({ ...session, again: true }));
            expect(await store.all()).toEqual(
              expect.arrayContaining([{ untouched: true }, { ...found, again: true }]),
            );
            await new FileSessionStore(folder).init();
            const left = await readdir(join(folder, 'locks'));
            expect({ context, warnings, left }).toEqual({
              context,
              warnings: [],
              left: ['reserve', 'source'],
            });
            await rm(folder, { recursive: true });
          };

          await forEach(targets(calls), strike);
          for (let nth = 1; !isDataStruck && nth < 40; nth++) {
            await strike({ name: 'write', nth, text: '' }); // on a busy machine it is another one
          }
          expect(isDataStruck).toBe(true);
          expect(count.tried).toBeGreaterThan(15);
          const outcomes = Object.entries(count).map(([outcome, times]) => `${times} ${outcome}`);
          report(`${name} at the calls of ${what}: ${outcomes.join(', ')}; lost: 0`);
        },
        isSoak ? 600_000 : 120_000,
      );
    }
  });
}
