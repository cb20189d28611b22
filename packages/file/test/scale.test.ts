import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { isSoak, report } from '../../../tooling/processes.ts';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { encode } from '../src/format.ts';
import { FileSessionStore } from '../src/index.ts';
import { startWorker } from './processes.ts';
import { fileOf } from './support.ts';

// More text than the process that lists it may have memory.
const SESSIONS = isSoak ? 200_000 : 8_000;
const BYTES = isSoak ? 1_000 : 10_000;
const HALF = SESSIONS / 2;

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  await new FileSessionStore(folder).init();
  const session = JSON.stringify({ text: 'x'.repeat(BYTES) });
  for (let n = 0; n < SESSIONS; n++) {
    const id = `id:${n}`;
    const record = { session, expiresAt: n < HALF ? 1 : null, etag: `etag${n}`, history: [] };
    mkdirSync(dirname(fileOf(folder, id)), { recursive: true });
    writeFileSync(fileOf(folder, id), encode(id, record));
  }
}, 300_000);

test(`${SESSIONS} sessions are listed in bounded memory`, async () => {
  const env = { NODE_OPTIONS: '--max-old-space-size=32' };
  const started = performance.now();
  const worker = startWorker('list', folder, { timeout: 60_000 }, [], { env });
  await worker.ended;
  expect(worker.lines).toEqual([`listed ${HALF}`]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const megabytes = Math.round((SESSIONS * BYTES) / 1e6);
  report(`${SESSIONS} sessions, ${megabytes} MB, listed with 32 MB of heap in ${seconds} s`);
}, 300_000);

test('a listing stops when it is told to', async () => {
  const stop = new AbortController();
  let seen = 0;
  const list = async () => {
    for await (const _ of new FileSessionStore(folder).entries({ signal: stop.signal })) {
      if (++seen === 10) stop.abort(new Error('enough'));
    }
  };
  await expect(list()).rejects.toThrow('enough');
  expect(seen).toBe(10);
});

test('prune stops when it is told to, and says how many it has removed when it is not', async () => {
  const stop = new AbortController();
  const store = new FileSessionStore(folder, { flush: false });
  setTimeout(() => stop.abort(new Error('enough')), 300);
  await expect(store.prune({ signal: stop.signal })).rejects.toThrow('enough');
  const left = await store.prune();
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(HALF);
  expect(await store.prune()).toBe(0);
  expect(await store.read(`id:${HALF}`)).not.toBeNull();
}, 600_000);
