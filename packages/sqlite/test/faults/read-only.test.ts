import { spawnSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { SqliteSessionStore } from '../../src/index.ts';
import { disk, mount } from './disks.ts';

testWith(
  ['linux', 'root'],
  'on a read-only disk nothing is opened, or read as absent',
  async () => {
    const folder = await disk('size=8m');
    const path = join(folder, 'sessions.db');
    const store = new SqliteSessionStore(path);
    await store.write('a', { n: 1 });
    await store.close();
    mount(folder, '-o', 'remount,ro');
    const late = new SqliteSessionStore(path);
    const refused = { code: 'UNAVAILABLE', outcome: 'not-applied', cause: { errcode: 14 } };
    for (const id of ['a', 'none']) await expect(late.read(id)).rejects.toMatchObject(refused);
    await expect(late.write('a', {})).rejects.toMatchObject(refused);
    mount(folder, '-o', 'remount,rw');
    expect(await late.read('a')).toEqual({ n: 1 });
    await late.write('a', { n: 2 });
    await late.close();
  },
);

testWith(['linux'], 'a file that we may only read can be read', async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  const store = new SqliteSessionStore(path);
  await store.write('a', { n: 1 });
  await store.close();
  await chmod(path, 0o400);
  const program = `
    const { SqliteSessionStore } = await import('@sessions/sqlite');
    const store = new SqliteSessionStore(${JSON.stringify(path)});
    console.log(JSON.stringify(await store.read('a')));
    await store.write('a', {}).catch((e) => console.log(e.code, e.outcome, e.cause.message));
    await store.close();`;
  const isRoot = process.getuid?.() === 0;
  const mortal = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
  const words = [
    ...mortal,
    process.execPath,
    '--no-warnings',
    '--input-type=module',
    '-e',
    program,
  ];
  const [command = '', ...rest] = words;
  const { stdout, stderr } = spawnSync(command, rest, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    '{"n":1}',
    'UNAVAILABLE not-applied attempt to write a readonly database',
    '',
  ]);
});
