import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import type { Elsewhere } from '../src/index.ts';
import { folderBackend, HOST } from './fixtures/folder-backend.ts';
import { declared } from './fixtures/trials.ts';

const RACE = 'updates of one session from three processes at once are each applied exactly once';
const END = 'a process ends once its store is closed';

const folder = mkdtempSync(join(tmpdir(), 'sessions-kit-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the test of this promise with processes that open their stores in another way. */
function run(promise: string, elsewhere: (module: URL) => Partial<Elsewhere>): Promise<void> {
  const backend = () => {
    const backend = folderBackend();
    const given = backend.elsewhere as Elsewhere & { module: URL };
    return { ...backend, elsewhere: { ...given, ...elsewhere(given.module) } };
  };
  const found = declared({ capabilities: HOST, backend }).find(({ text }) => text === promise);
  if (!found) throw new Error(`no test is called ${promise}`);
  return found.run();
}

const program = (text: string) => () => ({
  module: `data:text/javascript,${encodeURIComponent(text)}`,
});

test('a module may be a URL, its text, or a path', async () => {
  await run(END, (module) => ({ module }));
  await run(END, (module) => ({ module: module.href }));
  await run(END, (module) => ({ module: fileURLToPath(module) }));
  await run(END, (module) => ({ module: relative(process.cwd(), fileURLToPath(module)) }));
});

test('processes that open another place fail', async () => {
  const other = folderBackend();
  const opening = run(RACE, () => ({ argument: other.elsewhere?.argument }));
  await expect(opening).rejects.toThrow('after 300 updates that add 1: at n expected 300, got 0');
  await other.dispose?.();
});

test('a module that is not there is named', async () => {
  const opening = run(END, () => ({ module: join(folder, 'nothing.js') }));
  await expect(opening).rejects.toThrow(/^a process with a store of its own failed.*nothing\.js/);
});

test('a module without `open` is told what it lacks', async () => {
  const opening = run(END, program('export const close = 1'));
  await expect(opening).rejects.toThrow('exports no `open`');
});

test('a store that cannot be opened fails with what went wrong', async () => {
  const opening = run(END, program('export function open() { throw new Error("no such server") }'));
  await expect(opening).rejects.toThrow('failed with Error: no such server');
});

test('a process that ends is told from one that fails, with what it said', async () => {
  const opening = run(
    END,
    program('export function open() { console.error("out of luck"); process.exit(3) }'),
  );
  await expect(opening).rejects.toThrow(
    'a process with a store of its own ended with code 3 in place of an answer; it said:\nout of luck',
  );
});

test('the processes are ended, also when the test fails', async () => {
  const opening = run(
    RACE,
    program(`
      import { writeFileSync } from 'node:fs';
      export async function open() {
        writeFileSync(${JSON.stringify(`${folder}/`)} + process.pid, '');
        return { init() {}, async update() { throw new Error('no') } };
      }
    `),
  );
  await expect(opening).rejects.toThrow('failed with Error: no');
  const pids = readdirSync(folder).map(Number);
  expect(pids).toHaveLength(3);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
