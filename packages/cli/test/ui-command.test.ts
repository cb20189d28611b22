import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { project, run, start } from './support.ts';

async function folderWith(id: string): Promise<string> {
  const folder = await project('@sessions/file');
  const store = new FileSessionStore(`${folder}/sessions`);
  await store.write(id, { name: 'Tim' });
  await store.close();
  return folder;
}

test('prints the address alone on stdout, serves, and ends by Ctrl-C', async () => {
  const running = start(await folderWith('telegram:42'), ['ui', '--store', './sessions']);
  await running.until(/Ctrl-C ends it/);
  expect(running.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/);
  expect(running.stderr).toMatch(/^read only; --write/);
  const url = running.stdout.trim();
  const about = await (await fetch(`${url}api/store`)).json();
  expect(about).toMatchObject({ name: './sessions', write: false, versions: true });
  const lines = (await (await fetch(`${url}api/sessions`)).text()).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { now: expect.any(Number) },
    ['telegram:42', 14, null, expect.any(Number)],
    { end: true },
  ]);
  running.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  await expect(fetch(url)).rejects.toThrow();
});

test('takes --write and --port, and says when somebody has the port', async () => {
  const folder = await folderWith('telegram:42');
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const args = ['ui', '--write', '--store', './sessions', '--port', String(port)];
  const refused = await run(folder, args);
  expect(refused).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `somebody else has port ${port}\n`,
  });
  other.close();
  await once(other, 'close');

  const running = start(folder, args);
  await running.until(/the page can change sessions/);
  const url = running.stdout.trim();
  expect(new URL(url).port).toBe(String(port));
  expect(await (await fetch(`${url}api/store`)).json()).toMatchObject({ write: true });
  running.kill('SIGTERM');
  expect((await running.ended).code).toBe(143);

  for (const wrong of ['-1', '65536', 'x', '']) {
    expect((await run(folder, ['ui', '--store', './sessions', '--port', wrong])).code).toBe(2);
  }
});
