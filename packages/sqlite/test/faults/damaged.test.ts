import { copyFile, readdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { testWith } from '../../../../tooling/processes.ts';
import { temporaryFolder } from '../../../../tooling/temporary-folder.ts';
import { SqliteSessionStore } from '../../src/index.ts';

const damaged = { code: 'CORRUPT', message: expect.stringContaining('backup') };
const moved = { code: 'UNAVAILABLE', outcome: 'not-applied' };

test('a file that is no database is an error, and left as it is', async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  await writeFile(path, 'something else entirely, and longer than the header. '.repeat(100));
  const store = new SqliteSessionStore(path);
  await expect(store.init()).rejects.toMatchObject(damaged);
  await expect(store.write('a', {})).rejects.toMatchObject(damaged);
  if (process.platform === 'linux') {
    const open = await readdir('/proc/self/fd');
    const files = await Promise.all(
      open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    expect(files).not.toContain(path);
  }
  await rm(path);
  await store.write('a', {});
  await store.close();
});

test('sessions in a page that was overwritten are errors, never absent', async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  const first = new SqliteSessionStore(path);
  const text = 'x'.repeat(1_000);
  for (let n = 0; n < 100; n++) await first.write(`id:${n}`, { n, text });
  await first.close();
  const bytes = await readFile(path);
  // Not the last page, which SQLite looks at before it adds a row.
  const page = Math.floor(bytes.indexOf('"n":50') / 4096);
  await writeFile(path, bytes.fill('y', page * 4096, (page + 1) * 4096));
  const store = new SqliteSessionStore(path);
  const found: unknown[] = [];
  for (let n = 0; n < 100; n++) {
    found.push(await store.read(`id:${n}`).catch((error) => error.code));
    if (found[n] !== 'CORRUPT') expect(found[n]).toEqual({ n, text });
  }
  expect(found).toContain('CORRUPT');
  for (let n = 0; n < 100; n++) {
    const code = await store.write(`id:${n}`, { n, text }).catch((error) => error.code);
    expect(code).toBe(found[n] === 'CORRUPT' ? 'CORRUPT' : undefined);
  }
  await expect(store.all()).rejects.toMatchObject(damaged);
  await store.close();
});

test.each([
  ['session', `replace(session, '1', '2')`],
  ['etag', `'another'`],
  ['history', `'[]'`],
  ['expires_at', '9223372036854775807'],
  ['id', `x'80'`],
])('a row whose %s somebody changed is CORRUPT', async (column, value) => {
  const path = join(await temporaryFolder(), 'sessions.db');
  const warnings: unknown[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  const store = new SqliteSessionStore(path, { onWarning });
  await store.write('a', { n: 0 });
  await store.write('a', { n: 1 });
  const other = new DatabaseSync(path);
  other.exec(`UPDATE sessions SET ${column} = ${value}`);
  other.close();
  if (column !== 'id') {
    for (const call of [
      () => store.read('a'),
      () => store.write('a', {}),
      () => store.touch('a'),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'CORRUPT' });
    }
  }
  expect(await store.all()).toEqual([]);
  expect(warnings).toMatchObject([{ code: 'CORRUPT' }]);
  await store.close();
});

testWith(['linux'], 'where the file was moved or replaced nothing is acknowledged', async () => {
  const path = join(await temporaryFolder(), 'sessions.db');
  const store = new SqliteSessionStore(path);
  await store.write('a', { n: 1 });
  await rename(path, `${path}.away`);
  await expect(store.write('a', { n: 2 })).rejects.toMatchObject(moved);
  await copyFile(`${path}.away`, path);
  await expect(store.update('a', () => ({ n: 2 }))).rejects.toMatchObject(moved);
  await expect(store.destroy('a')).rejects.toMatchObject(moved);
  await rename(`${path}.away`, path);
  await store.write('a', { n: 3 });
  expect(await store.read('a')).toEqual({ n: 3 });
  await store.close();
});
