import {
  access,
  constants,
  link,
  lstat,
  readdir,
  rename,
  rm,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { FULL, hasCode, ignore, makeFolder, noneIfAbsent } from './folder.ts';
import { isGone, nameOwner, self } from './owner.ts';
import type { Root } from './root.ts';

const FLAG = /^([0-9a-f]{64})\.(.*)$/;
const LOWERED = '~';
// An empty file: a flag is another name of it, which takes less time than a file of its own.
const SOURCE = 'source';
// An empty folder that waits for a time when none can be made.
const RESERVE = 'reserve';
const LONGEST_WAIT = 25;
const RECURSIVELY = { recursive: true, force: true } as const;

/** A lock that is held, until others think that its owner is gone. */
export interface Lock {
  readonly name: string;
  /** Of a lock to remove: its flag is a folder. What is renamed into it once it was taken away misses. */
  readonly path: string;
  /** Throws `ENOENT` when it was taken away. */
  check(): Promise<unknown>;
  /** `isClean`: no temporary file of the session can have been left. */
  release(isClean: boolean): Promise<void>;
}

/**
 * Locks by name, across processes.
 *
 * Whoever wants a lock puts up a flag, `<name>.<owner>`, looks at those that are up, and has the lock
 * once all of these are down: of two, at least one sees both. If both do, the older one waits, and the
 * other lowers its flag. No owner has the name of another, so nobody lowers a wrong flag, however late.
 *
 * The flag of an owner that is gone is taken away: renamed, then the session's temporary files are
 * removed, then the flag. An owner looks for its flag once its temporary file is there. So to think
 * wrongly that it is gone costs time, never a session: what it had to put in place does not exist.
 */
export class Locks {
  readonly #root: Root;
  readonly #folder: string;
  readonly #removeTemporary: (name: string) => Promise<void>;
  /** How many locks to remove a session are wanted or held here: each makes room as it is released. */
  #removing = 0;

  constructor(root: Root, removeTemporary: (name: string) => Promise<void>) {
    this.#root = root;
    this.#folder = root.inner('locks');
    this.#removeTemporary = removeTemporary;
  }

  /**
   * Takes the lock, or answers `undefined` when somebody else has it. After `lease` milliseconds
   * others may take it away. The lock to remove a session can be had on a full disk too.
   */
  async take(name: string, lease: number, toRemove: boolean): Promise<Lock | undefined> {
    const flag = `${name}.${nameOwner(await self(), lease)}`;
    const path = `${this.#folder}/${flag}`;
    let isReserve: boolean | undefined = false;
    const release = async (isClean: boolean) => {
      // What was done is done: a flag that stays here is taken away when its lease is over.
      const lower = () => (toRemove ? rm(path, RECURSIVELY) : unlink(path));
      await (isClean ? lower() : this.#takeAway(flag)).catch(() => {});
      if (isReserve) await this.#makeReserve().catch(() => {});
      if (toRemove) this.#removing--;
    };
    let isTaken = false;
    if (toRemove) this.#removing++;
    try {
      if (toRemove) isReserve = await this.#raiseFolder(path);
      else await this.#raiseFile(path);
      const until = performance.now() + LONGEST_WAIT;
      isTaken = isReserve !== undefined && (await this.#waitForOthers(name, flag, until));
    } finally {
      if (!isTaken) await release(true);
    }
    return isTaken ? { name, path, check: () => lstat(path), release } : undefined;
  }

  /** Whether nobody has the lock, or wants it, or may go on later as if. */
  async isFree(name: string): Promise<boolean> {
    const up = await this.#root.look('locks', (folder) => readdir(folder));
    return !up?.some((entry) => entry.startsWith(`${name}.`));
  }

  /** Removes what owners that are gone have left, and sees to what is needed later. */
  async sweep(warn: (error: unknown) => void): Promise<void> {
    await self(); // so that no lock has to wait for it
    for (const entry of await readdir(this.#folder).catch(noneIfAbsent)) {
      try {
        const [, , owner] = FLAG.exec(entry) ?? [];
        if (owner !== undefined && (await isGone(owner))) await this.#takeAway(entry);
      } catch (error) {
        warn(error);
      }
    }
    await access(this.#folder, constants.W_OK).catch(ignore('ENOENT'));
    await this.#makeReserve();
    await this.#makeSource().catch(ignore(...FULL));
  }

  async #raiseFile(path: string): Promise<void> {
    try {
      await link(`${this.#folder}/${SOURCE}`, path);
    } catch {
      await writeFile(path, '', { flag: 'wx', mode: 0o600 }); // where links cannot be made
      await this.#makeSource().catch(() => {});
    }
  }

  /** Answers whether it took the reserve; `undefined` when there is soon room for it. */
  async #raiseFolder(path: string): Promise<boolean | undefined> {
    try {
      await makeFolder(path);
      return false;
    } catch (error) {
      if (!hasCode(error, ...FULL)) throw error;
      const isFolder = async () => (await lstat(path)).isDirectory(); // a link is not followed
      const isTaken = rename(`${this.#folder}/${RESERVE}`, path).then(isFolder);
      if (await isTaken.catch(() => false)) return true;
      if (this.#removing > 1) return undefined;
      throw error;
    }
  }

  /** Answers whether the lock is ours: those who had a flag up when we first looked have none any more. */
  async #waitForOthers(name: string, flag: string, until: number): Promise<boolean> {
    let ahead: Set<string> | undefined;
    for (;;) {
      const up = (await readdir(this.#folder)).filter((entry) => entry.startsWith(`${name}.`));
      if (!up.includes(flag)) return false; // somebody thought that we were gone
      const others = up.filter((other) => other !== flag);
      const isFirstLook = ahead === undefined;
      ahead ??= new Set(others.map(ownFlag)); // whoever comes later sees ours
      const left = others.filter((other) => ahead?.has(ownFlag(other)));
      if (left.length === 0) return true;
      const gone: string[] = [];
      for (const other of left) {
        if (await isGone(other.slice(name.length + 1))) gone.push(other);
        else if ((isFirstLook && other < flag) || performance.now() > until) return false;
      }
      if (gone.length < left.length) await pause(1);
      else for (const other of gone) await this.#takeAway(other);
    }
  }

  async #takeAway(flag: string): Promise<void> {
    const [, name = ''] = FLAG.exec(flag) ?? [];
    const lowered = flag.endsWith(LOWERED) ? flag : flag + LOWERED;
    if (flag !== lowered) {
      try {
        await rename(`${this.#folder}/${flag}`, `${this.#folder}/${lowered}`);
      } catch (error) {
        ignore('ENOENT')(error);
        return; // somebody else does
      }
    }
    await this.#removeTemporary(name);
    await rm(`${this.#folder}/${lowered}`, RECURSIVELY);
  }

  async #makeSource(): Promise<void> {
    const path = `${this.#folder}/${SOURCE}`;
    await writeFile(path, '', { flag: 'wx', mode: 0o600 }).catch(ignore('EEXIST', 'ENOENT'));
  }

  /** Puts the reserve in its place, unless it is there. Fails where nothing can be written. */
  async #makeReserve(): Promise<void> {
    const reserve = `${this.#folder}/${RESERVE}`;
    await makeFolder(reserve).catch(async (error) => {
      ignore('EEXIST', 'ENOENT', ...FULL)(error);
      if (!hasCode(error, 'EEXIST') || (await lstat(reserve)).isDirectory()) return;
      await unlink(reserve); // a file or a link: not ours
      await makeFolder(reserve);
    });
  }
}

function ownFlag(entry: string): string {
  return entry.endsWith(LOWERED) ? entry.slice(0, -LOWERED.length) : entry;
}
