import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { isSessionError } from '@sessions/core';
import { report, testWith } from '../../../tooling/processes.ts';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';
import { FileSessionStore } from '../src/index.ts';
import { run } from './processes.ts';
import { fileOf } from './support.ts';

const GONE = expect.objectContaining({
  code: 'UNAVAILABLE',
  outcome: 'not-applied',
  message: expect.stringContaining('folder of the sessions'),
});

let above: string;
let folder: string;
let away: string;
let store: FileSessionStore;

beforeEach(async () => {
  above = await temporaryFolder();
  folder = join(above, 'sessions');
  away = join(above, 'away');
  await mkdir(folder);
});

function shell(...words: [string, ...string[]]): void {
  const { status, stderr } = spawnSync(words[0], words.slice(1));
  if (status !== 0) throw new Error(String(stderr));
}

async function open(flush = true): Promise<void> {
  store = await new FileSessionStore(folder, { flush }).init();
  await store.write('a', { n: 1 });
  await store.write('b', { n: 2 });
}

async function everything(): Promise<string[]> {
  return (await readdir(above, { recursive: true })).sort();
}

async function everyCallSaysSo(): Promise<void> {
  const calls: Record<string, () => Promise<unknown>> = {
    read: () => store.read('a'),
    'read of none': () => store.read('none'),
    write: () => store.write('a', { n: 3 }),
    'write of a new one': () => store.write('new', { n: 3 }),
    update: () => store.update('a', () => ({ n: 3 })),
    'update of a new one': () => store.update('new', () => ({ n: 3 })),
    'update to nothing': () => store.update('a', () => null),
    touch: () => store.touch('a'),
    destroy: () => store.destroy('a'),
    'destroy of none': () => store.destroy('none'),
    all: () => store.all(),
    prune: () => store.prune(),
  };
  for (const [what, call] of Object.entries(calls)) {
    const error = await call().then(
      (answer) => ({ answer }),
      (rejected) => rejected,
    );
    expect({ what, error }).toEqual({ what, error: GONE });
  }
}

async function isThereAgain(): Promise<void> {
  expect(await store.read('a')).toEqual({ n: 1 });
  expect(await store.read('new')).toBeNull();
  await store.destroy('none');
  await store.write('new', { n: 3 });
  await store.update('a', () => null);
  expect(await store.all()).toEqual(expect.arrayContaining([{ n: 2 }, { n: 3 }]));
  expect(await store.prune()).toBe(0);
}

describe('when the folder that was opened is not there, every call says so, and nothing is made', () => {
  const replacements: Record<string, () => Promise<unknown>> = {
    'it was moved away': async () => {},
    'an empty folder is in its place': () => mkdir(folder),
    'the folder of another store is in its place': async () => {
      const other = await new FileSessionStore(folder).init();
      for (const id of ['a', 'b', 'none']) await other.write(id, { n: 99 });
    },
    'a file is in its place': () => writeFile(folder, ''),
    'a pipe is in its place': async () => shell('mkfifo', folder),
    'a link to nothing is in its place': () => symlink(join(above, 'nothing'), folder),
  };
  for (const [what, replace] of Object.entries(replacements)) {
    test(`${what}, and when it is back all is well`, async () => {
      await open();
      await rename(folder, away);
      await replace();
      const before = await everything();
      await everyCallSaysSo();
      expect(await everything()).toEqual(before);
      await rm(folder, { recursive: true, force: true });
      await rename(away, folder);
      await isThereAgain();
    });
  }

  test('a link to where it is now works', async () => {
    await open();
    await rename(folder, away);
    await symlink(away, folder);
    await isThereAgain();
  });

  test('it was removed, and one made anew, which may get the same inode', async () => {
    await open();
    await rm(folder, { recursive: true });
    await everyCallSaysSo();
    await mkdir(folder);
    await everyCallSaysSo();
    expect(await everything()).toEqual(['sessions']);
    expect(await new FileSessionStore(folder).read('a')).toBeNull(); // for those who come later
    await everyCallSaysSo();
  });

  testWith(
    ['linux', 'root'],
    'another file system is mounted over it, or it is unmounted',
    async () => {
      await open();
      shell('mount', '-t', 'tmpfs', 'tmpfs', folder);
      try {
        await everyCallSaysSo();
        expect(await readdir(folder)).toEqual([]);
      } finally {
        shell('umount', folder);
      }
      await isThereAgain();
    },
    20_000,
  );

  testWith(
    ['linux', 'root'],
    'it is the root of a file system that is unmounted, and another is mounted there',
    async () => {
      const disk = join(above, 'disk');
      shell('truncate', '-s', '4M', disk);
      shell('mkfs.ext4', '-q', disk);
      const other = join(above, 'other');
      await cp(disk, other);
      const mount = (what: string) => shell('mount', '-o', 'loop', what, folder);
      mount(disk);
      try {
        await open();
        shell('umount', folder);
        await everyCallSaysSo();
        mount(other);
        await everyCallSaysSo();
        expect(await readdir(folder)).toEqual(['lost+found']);
        shell('umount', folder);
        mount(disk);
        await isThereAgain();
      } finally {
        spawnSync('umount', [folder]);
      }
    },
    20_000,
  );
});

describe('inner folders that are removed while the store is in use are made anew', () => {
  test.each(['locks', 'all that is not hidden'])('%s', async (what) => {
    await open();
    for (const name of await readdir(folder)) {
      if (what === 'locks' ? name === what : !name.startsWith('.')) {
        await rm(join(folder, name), { recursive: true });
      }
    }
    expect(await store.read('a')).toEqual(what === 'locks' ? { n: 1 } : null);
    expect(await store.all()).toHaveLength(what === 'locks' ? 2 : 0);
    expect(await store.prune()).toBe(0);
    await store.destroy('b');
    await store.write('a', { n: 2 });
    expect(await store.all()).toEqual([{ n: 2 }]);
  });

  test('the folder of one session', async () => {
    await open();
    await rm(dirname(fileOf(folder, 'a')), { recursive: true });
    expect(await store.read('a')).toBeNull();
    await store.write('a', { n: 2 });
    expect(await store.read('a')).toEqual({ n: 2 });
  });
});

describe('while the folder goes and comes back again and again', () => {
  const loops = {
    'nothing in its place': 'mv(folder, away); stay(5); mv(away, folder); stay(80);',
    'another store in its place':
      'mv(folder, away); mv(other, folder); stay(5); mv(folder, other); mv(away, folder); stay(80);',
  };
  for (const [what, loop] of Object.entries(loops)) {
    test(`${what}: a session is never seen as absent, and no change is lost`, async () => {
      const other = join(above, 'other');
      await new FileSessionStore(other).write('other', { other: true }); // no count comes to that
      await open(false);
      const program = `
        const { renameSync: mv } = await import('node:fs');
        const [folder, away, other] = ${JSON.stringify([folder, away, other])};
        const cell = new Int32Array(new SharedArrayBuffer(4));
        const stay = (ms) => Math.random() < 0.1 && Atomics.wait(cell, 0, 0, Math.random() * ms);
        console.log('started');
        for (;;) { ${loop} }`;
      const words = ['--input-type=module', '--eval', program];
      const mover = spawn(process.execPath, words, { env: { ...process.env, NODE_OPTIONS: '' } });
      const ended = once(mover, 'close');
      await once(mover.stdout, 'data');
      const count = { seen: 0, refused: 0, absent: 0, listed: 0, changed: 0, unknown: 0 };
      const refuse = (error: unknown) => {
        if (!isSessionError(error, 'UNAVAILABLE')) throw error;
        count[error.outcome === 'unknown' ? 'unknown' : 'refused']++;
      };
      const add = (session: { n?: number } | null) => ({ n: (session?.n ?? 0) + 1 });
      try {
        const start = performance.now();
        const end = start + 40_000;
        const isEnough = () => {
          const { seen, refused, listed, changed } = count;
          const isSlow = performance.now() > start + 20_000; // a busy machine sees fewer
          if (Math.min(seen, refused, listed, changed) < (isSlow ? 1 : 10)) return false;
          return isSlow || seen + refused > 1000;
        };
        for (let n = 0; !isEnough(); n++) {
          if (performance.now() > end) throw new Error(JSON.stringify(count));
          await store.read('a').then((found) => {
            count[found ? 'seen' : 'absent']++;
          }, refuse);
          await store.update('counter', add).then(() => count.changed++, refuse);
          if (n % 5 > 0) continue;
          const all = await store.all().catch(refuse);
          if (!all) continue;
          count.listed++;
          expect(all).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }]));
          expect(all).not.toContainEqual({ other: true });
        }
      } finally {
        mover.kill('SIGKILL');
        await ended;
      }
      const names = await readdir(above);
      const isBack = names.includes('away') ? names.includes('sessions') : true;
      if (!isBack || names.includes('away')) {
        if (names.includes('sessions')) await rename(folder, other);
        await rename(away, folder);
      }
      const { n } = (await store.read('counter')) as { n: number };
      expect(count).toMatchObject({ absent: 0 });
      expect(n).toBeGreaterThanOrEqual(count.changed);
      expect(n).toBeLessThanOrEqual(count.changed + count.unknown);
      expect(await new FileSessionStore(other).all()).toEqual([{ other: true }]);
      report(`the folder goes and comes: ${JSON.stringify(count)}`);
    }, 60_000);
  }
});

testWith(
  ['linux', 'root', 'unshare'],
  'without /proc the same is said of a folder that was moved',
  async () => {
    const program = `
      const { FileSessionStore } = await import('@sessions/file');
      const { renameSync, mkdirSync, existsSync } = await import('node:fs');
      const [folder, away] = ${JSON.stringify([folder, away])};
      const store = await new FileSessionStore(folder).init();
      await store.write('a', { n: 1 });
      const says = (promise) => promise.then((n) => JSON.stringify(n), (error) => error.code);
      const say = async () => console.log(await says(store.read('a')), await says(store.read('b')));
      console.log(existsSync('/proc/self'));
      await say();
      renameSync(folder, away);
      await say();
      mkdirSync(folder);
      await say();`;
    const none = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs tmpfs /proc && exec "$0" "$@"'];
    const gone = 'UNAVAILABLE UNAVAILABLE';
    expect(run(program, none)).toEqual(['false', '{"n":1} null', gone, gone]);
  },
  20_000,
);

describe('where the mark of the folder cannot be made', () => {
  const unmark = async () => {
    for (const name of await readdir(folder)) {
      if (name.startsWith('.store-')) await rm(join(folder, name), { recursive: true });
    }
  };

  testWith(
    ['linux', 'root'],
    'it is told by its inode: a read-only copy',
    async () => {
      await open();
      await unmark();
      const copy = join(above, 'copy');
      await mkdir(copy);
      shell('mount', '--bind', folder, copy);
      try {
        shell('mount', '-o', 'remount,bind,ro', copy);
        store = await new FileSessionStore(copy, { onWarning: () => {} }).init();
        expect(await store.read('a')).toEqual({ n: 1 });
        expect(await store.read('none')).toBeNull();
        expect(await store.all()).toHaveLength(2);
        await store.destroy('none');
      } finally {
        shell('umount', copy);
      }
      await expect(store.read('a')).rejects.toEqual(GONE);
      await expect(store.read('none')).rejects.toEqual(GONE);
      await expect(store.all()).rejects.toEqual(GONE);
    },
    20_000,
  );

  testWith(
    ['linux', 'root'],
    'it is told by its inode: a full disk',
    async () => {
      shell('mount', '-t', 'tmpfs', '-o', 'nr_inodes=20', 'tmpfs', above);
      try {
        await mkdir(folder);
        await open();
        await unmark();
        for (let n = 0; n < 30; n++) await writeFile(join(above, `${n}`), '').catch(() => {});
        store = await new FileSessionStore(folder).init();
        expect(await readdir(folder)).toHaveLength(3);
        expect(await store.read('a')).toEqual({ n: 1 });
        expect(await store.read('none')).toBeNull();
        await rename(folder, away);
        await expect(store.read('none')).rejects.toEqual(GONE);
        for (let n = 0; n < 30; n++) await rm(join(above, `${n}`), { force: true });
        await mkdir(folder);
        await everyCallSaysSo();
        await rm(folder, { recursive: true });
        await rename(away, folder);
        await isThereAgain();
      } finally {
        shell('umount', '-l', above);
      }
    },
    20_000,
  );
});
