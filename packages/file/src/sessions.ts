import { lstat, readdir, rename, unlink } from 'node:fs/promises';
import { SessionError, type SessionRecord } from '@sessions/core';
import { Flusher } from './flusher.ts';
import { flushFolder, hasCode, ignore } from './folder.ts';
import { encode } from './format.ts';
import { Known, nextStamp, stampOf } from './known.ts';
import type { Lock } from './lock.ts';
import { readSession } from './read.ts';
import type { Root } from './root.ts';
import { replaceFile } from './write.ts';

// Another process has the file open, and Windows minds.
export const IN_USE: readonly string[] =
  process.platform === 'win32' ? ['EPERM', 'EACCES', 'EBUSY'] : [];

export interface Current {
  readonly record: SessionRecord;
  readonly stamp: number;
}

/** The files of the sessions, by name: the hash of the id. */
export class Sessions {
  readonly #root: Root;
  readonly #largest: number;
  readonly #flusher = new Flusher(flushFolder);
  readonly #known = new Known();
  readonly #shards = new Set<string>();

  constructor(root: Root, largest: number) {
    this.#root = root;
    this.#largest = largest;
  }

  read(name: string): Promise<Current | null> {
    return this.#root.look(shardOf(name), async (folder) => {
      const path = pathIn(folder, name);
      if (this.#known.has(name)) {
        const stats = await lstat(path);
        const record = this.#known.find(name, stats);
        if (record) return { record, stamp: stampOf(stats) };
      }
      const { record, stats } = await readSession(path, name, this.#largest);
      this.#known.haveRead(name, record, stats);
      return { record, stamp: stampOf(stats) };
    });
  }

  async isAbsent(name: string): Promise<boolean> {
    const lookAt = (folder: string) => lstat(pathIn(folder, name));
    return (await this.#root.look(shardOf(name), lookAt)) === null;
  }

  /** Under the lock, puts the record in the place of the current one. `commit` may still call it off. */
  async write(
    id: string,
    { name, check }: Lock,
    record: SessionRecord,
    current: Current | null,
    flush: boolean,
    commit: () => void,
  ): Promise<void> {
    await this.#makeShard(shardOf(name), flush);
    const bytes = Buffer.from(encode(id, record));
    const stamp = nextStamp(current?.stamp ?? 0);
    const path = pathIn(this.#root.innerForKernel(shardOf(name)), name);
    const replaced = replaceFile(path, { bytes, stamp, flush }, check, commit);
    await replaced.catch(throwRenaming);
    this.#known.haveWritten(name, record, bytes.length, stamp);
  }

  /** Removes the file, into this folder. */
  async remove(name: string, folder: string): Promise<void> {
    await rename(pathIn(this.#folder(name), name), `${folder}/removed`).catch(throwRenaming);
    this.#known.forget(name);
  }

  /** Makes what was put in place, or removed, survive a power cut. */
  async flush(name: string): Promise<void> {
    await this.#flusher.flush(this.#folder(name)).catch(throwUnknown);
  }

  /** The same, where there may be no folder. */
  async flushAbsence(name: string): Promise<void> {
    await this.#root.look(shardOf(name), (folder) => this.#flusher.flush(folder));
  }

  /** Removes what others were about to put in place. */
  async removeTemporary(name: string): Promise<void> {
    await this.#root.look(shardOf(name), async (folder) => {
      for (const file of await readdir(folder)) {
        if (!file.startsWith(`${name}.json.`)) continue;
        await unlink(`${folder}/${file}`).catch(ignore('ENOENT'));
      }
    });
  }

  /** Somebody may have removed folders of ours. */
  forgetFolders(): void {
    this.#shards.clear();
  }

  #folder(name: string): string {
    return this.#root.inner(shardOf(name));
  }

  /** Made and flushed once by each process. */
  async #makeShard(shard: string, flush: boolean): Promise<void> {
    if (this.#shards.has(shard)) return;
    await this.#root.make(shard, flush);
    this.#shards.add(shard);
  }
}

function shardOf(name: string): string {
  return name.slice(0, 2);
}

function pathIn(folder: string, name: string): string {
  return `${folder}/${name}.json`;
}

/** For `catch`: a rename that failed may have been done, unless there was nothing to rename. */
function throwRenaming(error: NodeJS.ErrnoException): never {
  if (error.syscall === 'rename' && !hasCode(error, 'ENOENT', ...IN_USE)) throwUnknown(error);
  throw error;
}

function throwUnknown(cause: unknown): never {
  const what = 'the file system failed; the session is the old or the new one';
  throw new SessionError('UNAVAILABLE', what, { outcome: 'unknown', cause });
}
