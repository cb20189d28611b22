import { spawnSync } from 'node:child_process';
import {
  chmod,
  constants,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { hashId } from '@sessions/core';
import { testWith } from '../../../tooling/processes.ts';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../src/index.ts';
import { MORTAL, run } from './processes.ts';
import { fileOf } from './support.ts';

const CORRUPT = expect.objectContaining({ code: 'CORRUPT', idHash: hashId('a') });
const TOO_LARGE = expect.objectContaining({
  code: 'TOO_LARGE',
  outcome: 'not-applied',
  idHash: hashId('a'),
});

let folder: string;
let store: FileSessionStore;
let file: string;

beforeEach(async () => {
  folder = join(await temporaryFolder(), 'sessions');
  store = new FileSessionStore(folder);
  file = fileOf(folder, 'a');
});

async function listed(options = {}): Promise<{ sessions: unknown[]; warnings: unknown[] }> {
  const warnings: unknown[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  const listing = new FileSessionStore(folder, { ...options, onWarning });
  const sessions = await listing.all();
  expect(await listing.prune()).toBe(0);
  return { sessions, warnings };
}

describe('what is in the place of a file is CORRUPT, passed over by a listing, and not followed', () => {
  const pipe = () => spawnSync('mkfifo', [file]);
  const device = (number: number) => () => spawnSync('mknod', [file, 'c', '1', `${number}`]);
  const plants: Record<string, (outside: string) => unknown> = {
    'a link to a session': (outside) => symlink(outside, file),
    'a link to nothing': (outside) => symlink(`${outside}.none`, file),
    'a folder': () => mkdir(join(file, 'inner'), { recursive: true }),
    'a pipe': pipe,
    'a pipe that a writer holds open': async () => {
      pipe();
      const writer = await open(file, constants.O_RDWR | constants.O_NONBLOCK);
      return () => writer.close();
    },
    'a socket': async () => {
      // Its path would be too long for the file itself.
      const short = join(dirname(dirname(folder)), 's');
      const server = createServer();
      await new Promise<void>((done) => server.listen(short, done));
      await rename(short, file);
      return () => server.close();
    },
    'a device that has no end (/dev/zero)': device(5),
    'a device that nobody drives': () => spawnSync('mknod', [file, 'c', '250', '77']),
  };
  for (const [what, plant] of Object.entries(plants)) {
    testWith(
      what.includes('device') ? ['linux', 'root'] : [],
      what,
      async () => {
        const outside = join(await temporaryFolder(), 'outside.json');
        await store.write('a', { n: 1 });
        await store.write('other', { n: 2 });
        await rename(file, outside);
        const text = await readFile(outside, 'utf8');
        const remove = await plant(outside);
        await expect(store.read('a')).rejects.toEqual(CORRUPT);
        await expect(store.write('a', { n: 2 })).rejects.toEqual(CORRUPT);
        expect(await listed()).toEqual({ sessions: [{ n: 2 }], warnings: [CORRUPT, CORRUPT] });
        await store.destroy('a');
        expect(await store.read('a')).toBeNull();
        await store.write('a', { n: 3 });
        expect((await lstat(file)).isFile()).toBe(true);
        expect(await readFile(outside, 'utf8')).toBe(text);
        expect(await readdir(dirname(outside))).toEqual(['outside.json']);
        if (typeof remove === 'function') await remove();
      },
      20_000,
    );
  }
});

describe('a link in the place of an inner folder is not followed', () => {
  const REFUSED = { code: 'UNAVAILABLE', outcome: 'not-applied' };

  test.each(['locks', 'ca'])('%s, before the store is opened', async (name) => {
    const outside = await temporaryFolder();
    await mkdir(folder, { recursive: true });
    await symlink(outside, join(folder, name));
    await expect(store.write('a', { n: 1 })).rejects.toMatchObject(REFUSED);
    expect(await readdir(outside)).toEqual([]);
  });

  for (const inner of ['locks', 'ca', 'the mark']) {
    for (const target of ['an empty folder', 'the very folder, moved']) {
      test(`${inner}, while the store is open, to ${target}`, async () => {
        await store.write('a', { n: 1 });
        const above = await temporaryFolder();
        const outside = join(above, 'outside');
        const mark = (await readdir(folder)).find((entry) => entry.startsWith('.store-')) ?? '';
        const name = inner === 'the mark' ? mark : inner;
        const kept = join(above, 'kept');
        await rename(join(folder, name), target === 'an empty folder' ? kept : outside);
        await mkdir(outside, { recursive: true });
        await symlink(outside, join(folder, name));
        const before = await readdir(above, { recursive: true });

        if (inner === 'locks') expect(await store.read('a')).toEqual({ n: 1 });
        else await expect(store.read('a')).rejects.toMatchObject(REFUSED);
        await expect(store.write('a', { n: 2 })).rejects.toMatchObject(REFUSED);
        await expect(store.update('a', () => ({ n: 2 }))).rejects.toMatchObject(REFUSED);
        await expect(store.destroy('a')).rejects.toMatchObject(REFUSED);
        if (inner !== 'ca') await expect(store.write('b', {})).rejects.toMatchObject(REFUSED);
        expect(await readdir(above, { recursive: true })).toEqual(before);

        await unlink(join(folder, name));
        await rename(target === 'an empty folder' ? kept : outside, join(folder, name));
        expect(await store.update('a', (session) => session)).toEqual({ n: 1 });
      });
    }
  }
});

testWith(
  ['linux'],
  'a file or a folder that we may not read is passed over by a listing',
  async () => {
    for (const id of ['a', 'b', 'c']) await store.write(id, { id });
    await chmod(file, 0);
    await chmod(dirname(fileOf(folder, 'b')), 0);
    const program = `
      const { FileSessionStore } = await import('@sessions/file');
      const say = (error) => console.log(error.code, error.outcome, error.cause.code);
      const store = new FileSessionStore(${JSON.stringify(folder)}, { onWarning: say });
      console.log(JSON.stringify(await store.all()));
      console.log(await store.prune());
      await store.read('a').catch(say);`;
    const no = 'UNAVAILABLE not-applied EACCES';
    expect(run(program, MORTAL)).toEqual([no, no, '[{"id":"c"}]', no, no, '0', no]);
  },
  20_000,
);

describe('a file larger than any session of this store', () => {
  test('is CORRUPT, and is not read', async () => {
    await store.write('a', { n: 1 });
    const program = `
      const { FileSessionStore } = await import('@sessions/file');
      const say = (error) => console.log(error.code);
      const store = new FileSessionStore(${JSON.stringify(folder)}, { onWarning: say });
      await store.read('a').catch(say);
      await store.write('a', {}).catch(say);
      console.log(JSON.stringify(await store.all()));
      const { readFileSync } = await import('node:fs');
      // Not \`resourceUsage\`: it has the peak of the process that this one was started from.
      const [, peak] = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
      console.log(Number(peak) < 200_000);`;
    await truncate(file, 1.9e9); // one that begins as a session does
    expect(run(program)).toEqual(['TOO_LARGE', 'TOO_LARGE', 'TOO_LARGE', '[]', 'true']);
    await writeFile(file, '');
    await truncate(file, 1.9e9); // and one that does not
    expect(run(program)).toEqual(['CORRUPT', 'CORRUPT', 'CORRUPT', '[]', 'true']);
  }, 30_000);

  test('is TOO_LARGE when it begins as a session does, and read again with a larger maxSessionBytes', async () => {
    const session = { text: 'x'.repeat(100_000) };
    await store.write('a', session);
    await store.write('other', { n: 2 });
    const narrow = new FileSessionStore(folder, { maxSessionBytes: 1000 });
    for (let round = 0; round < 2; round++) {
      await expect(narrow.read('a')).rejects.toEqual(TOO_LARGE);
      await expect(narrow.read('a')).rejects.toThrow('maxSessionBytes');
      await expect(narrow.write('a', {})).rejects.toEqual(TOO_LARGE);
      await expect(narrow.update('a', () => ({}))).rejects.toEqual(TOO_LARGE);
      await expect(narrow.touch('a')).rejects.toEqual(TOO_LARGE);
      const { sessions, warnings } = await listed({ maxSessionBytes: 1000 });
      expect({ sessions, warnings }).toEqual({
        sessions: [{ n: 2 }],
        warnings: [TOO_LARGE, TOO_LARGE],
      });
      expect(await store.read('a')).toEqual(session);
    }
    await narrow.destroy('a');
    expect(await store.read('a')).toBeNull();
  });

  test('is none that the store wrote itself, whatever its id and history', async () => {
    const id = '\u0000'.repeat(1024); // six bytes each, as JSON
    const narrow = new FileSessionStore(folder, { maxSessionBytes: 100 });
    const session = { text: '' };
    session.text = 'x'.repeat(100 - JSON.stringify(session).length);
    for (let n = 0; n < 10; n++) await narrow.write(id, session);
    expect(await narrow.read(id)).toEqual(session);
    await expect(narrow.write(id, { text: `${session.text}x` })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
  });

  test.each([Infinity, 2 ** 60])('maxSessionBytes: %d', async (maxSessionBytes) => {
    const wide = new FileSessionStore(folder, { maxSessionBytes });
    await wide.write('a', { n: 1 });
    expect(await wide.read('a')).toEqual({ n: 1 });
    await truncate(file, 2 ** 40);
    await expect(wide.read('a')).rejects.toEqual(TOO_LARGE);
    expect((await listed({ maxSessionBytes })).warnings).toEqual([TOO_LARGE, TOO_LARGE]);
  });
});
