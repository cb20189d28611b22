import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { project, type Running, start } from './support.ts';

// Windows knows no Ctrl-C from another process.
const declare = process.platform === 'win32' ? test.skip : test;

let folder: string;
let store: FileSessionStore;
let running: Running;

beforeEach(async () => {
  folder = await project('@sessions/file');
  store = new FileSessionStore(join(folder, 'bot'));
  for (const id of ['a:1', 'a:2', 'b:1']) await store.write(id, { n: 1 });
});

afterEach(async () => {
  running.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  await store.close();
});

declare('tail shows what is created, changed and gone, and nothing else', async () => {
  running = start(folder, ['tail', 'a:', '--interval', '0.1', '--store', './bot']);
  await running.until(/watching 2 sessions/);
  await store.write('b:2', {});
  await store.write('a:3', {});
  await running.until(/\+ a:3\n/);
  await store.touch('a:2');
  await running.until(/~ a:2\n/);
  await store.destroy('a:1');
  await running.until(/- a:1\n/);
  expect(running.stdout.trimEnd().split('\n')).toHaveLength(3);
  await store.touch('a:2', { expiresIn: 1 / 60_000 }); // it expires
  await running.until(/- a:2\n/);
  expect(running.stdout).not.toContain('b:2');
});

declare('a session that becomes corrupt is told of once, and ends nothing', async () => {
  running = start(folder, ['tail', '--interval', '0.1', '--store', './bot']);
  await running.until(/watching 3 sessions/);
  const hash = hashId('a:1');
  await writeFile(join(folder, 'bot', hash.slice(0, 2), `${hash}.json`), 'x');
  await running.until(new RegExp(`warning: .*${hash}`));
  for (const n of [1, 2]) {
    await store.write('b:1', { n });
    await running.until(new RegExp(`(~ b:1\\n[^]*){${n}}`));
  }
  expect(running.stdout).not.toContain('a:1');
  expect(running.stderr.split('warning: ')).toHaveLength(2);
  await store.destroy('a:1');
  await running.until(/- a:1\n/);
});

declare('tail --json --sessions has the sessions', async () => {
  const args = ['--json', '--sessions', '--interval', '0.1', '--store', './bot'];
  running = start(folder, ['tail', ...args]);
  await running.until(/watching 3 sessions/);
  await store.write('a:1', { n: 2 });
  await running.until(/"a:1".*\n/);
  const { expiresAt, etag } = (await store.readVersion('a:1')) ?? {};
  expect(JSON.parse(running.stdout)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    change: 'changed',
    id: 'a:1',
    session: { n: 2 },
    expiresAt,
    etag,
  });
});
