import { randomBytes } from 'node:crypto';
import { closeSync, type Dirent } from 'node:fs';
import { constants, lstat, stat } from 'node:fs/promises';
import { SessionError } from '@sessions/core';
import { open } from './descriptors.ts';
import { flushFolder, hasCode, makeFolder, makeInnerFolder } from './folder.ts';
import { kernelPath } from './kernel-path.ts';

const MARK = /^\.store-[0-9a-f]{16}$/;
const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);

/**
 * The folder of a store, told from any other that comes in its place: when it is moved, removed or
 * unmounted, nothing is absent and nothing is made.
 *
 * It is told by its mark, an empty folder in it with a random name: inodes come again, in a folder
 * that is made anew or on another disk. Where no mark can be made its inode has to do.
 */
export class Root {
  readonly #path: string;
  readonly #mark: string | undefined;
  readonly #inode: string;
  #canHold = false;
  #kernelPath: string;

  private constructor(path: string, mark: string | undefined, inode: string) {
    this.#path = path;
    this.#mark = mark;
    this.#inode = inode;
    this.#kernelPath = path;
  }

  /**
   * Opens the folder that is there, with its entries. `hindered` takes the error with which its
   * mark could not be made, and throws one that is a reason to fail.
   */
  static async open(
    path: string,
    entries: readonly Dirent[],
    hindered: (error: unknown) => void,
  ): Promise<Root> {
    let mark = entries.find((entry) => MARK.test(entry.name) && entry.isDirectory())?.name;
    if (!mark) {
      const name = `.store-${randomBytes(8).toString('hex')}`;
      await makeFolder(`${path}/${name}`).then(() => {
        mark = name;
      }, hindered);
    }
    const root = new Root(path, mark, await inodeOf(path));
    await root.#tryHolding();
    root.#kernelPath = await kernelPath(path);
    return root;
  }

  /**
   * The path of an inner folder, which leads to nothing where this is another root, or a link stands
   * in the place of the inner folder: then the mark is not beside it.
   */
  inner(name: string): string {
    return this.#inner(this.#path, name);
  }

  /** The same, by a path that only the kernel can follow. */
  innerForKernel(name: string): string {
    return this.#inner(this.#kernelPath, name);
  }

  /** Makes an inner folder, unless it is there; with `flush` so that it survives a power cut. */
  make(name: string, flush = false): Promise<void> {
    return this.hold(async (root) => {
      await makeInnerFolder(`${root}/${name}`);
      if (flush) await flushFolder(root);
    });
  }

  /**
   * Does something in an inner folder; `null` when what it looks for is not there. That is not said
   * before a second look, into the root that is held open, wherever it is then.
   */
  async look<T>(name: string, task: (folder: string) => Promise<T>): Promise<T | null> {
    const found = await task(this.inner(name)).catch(nullIf('ENOENT', 'ENOTDIR'));
    if (found !== null) return found;
    return this.hold(async (root) => {
      const stats = await lstat(`${root}/${name}`).catch(nullIf('ENOENT'));
      if (!stats) return null;
      if (!stats.isDirectory()) throw new SessionError('UNAVAILABLE', `${name} is no folder`);
      return task(`${root}/${name}`).catch(nullIf('ENOENT'));
    });
  }

  /** Does something with the path of the root, which stays the same root whatever becomes of its name. */
  async hold<T>(task: (root: string) => Promise<T>): Promise<T> {
    const folder = await open(this.#path, FOLDER).catch((error) => {
      throw hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP') ? gone(error) : error;
    });
    try {
      const root = this.#canHold ? pathOf(folder) : this.#path;
      if (!(await this.#isAt(root))) throw gone();
      return await task(root);
    } finally {
      closeSync(folder);
    }
  }

  #inner(root: string, name: string): string {
    const path = `${root}/${name}`;
    return this.#mark ? `${path}/../${this.#mark}/../${name}` : path;
  }

  async #isAt(path: string): Promise<boolean> {
    if (!this.#mark) return (await inodeOf(path)) === this.#inode;
    const mark = await lstat(`${path}/${this.#mark}`).catch(nullIf('ENOENT'));
    return mark?.isDirectory() === true;
  }

  /** Elsewhere than on Linux, or without /proc, an open folder has no path of its own. */
  async #tryHolding(): Promise<void> {
    const folder = await open(this.#path, FOLDER);
    this.#canHold = (await inodeOf(pathOf(folder)).catch(() => '')) === this.#inode;
    closeSync(folder);
  }
}

function pathOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

async function inodeOf(path: string): Promise<string> {
  const { dev, ino } = await stat(`${path}/.`, { bigint: true });
  return `${dev}:${ino}`;
}

function nullIf(...codes: string[]): (error: unknown) => null {
  return (error) => {
    if (!hasCode(error, ...codes)) throw error;
    return null;
  };
}

function gone(cause?: unknown): SessionError {
  const message = 'the folder of the sessions is not there, or another is in its place';
  return new SessionError('UNAVAILABLE', message, { cause });
}
