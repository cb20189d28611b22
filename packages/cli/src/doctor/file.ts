import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Opened } from '../open.ts';
import { examineDisk } from './disk.ts';
import { type Finding, ok } from './finding.ts';

export async function* examineFiles({ args }: Opened): AsyncGenerator<Finding> {
  const folder = resolve(args?.[0] ?? '.sessions');
  const shards = (await readdir(folder)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  yield ok('folder', `${folder}, with ${shards.length} of 256 folders in it`);
  yield* examineDisk(folder);
  yield ok('index', 'none: a listing reads every file, also with a prefix');
  yield ok('clock', "this host's alone");
}
