import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile, readlink, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { FULL, hasCode, ignore, makeFolder, noneIfAbsent } from './folder.ts';

const HELD = ['ENOTEMPTY', 'EEXIST', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])];
// Waits, as two empty folders, for a time when no folder can be made.
const RESERVE = 'reserve';
const RECURSIVELY = { recursive: true, force: true } as const;

/**
 * A lock that is held: the folder `<name>/<owner>`. Its holder's only way to change a session is
 * to rename a file out of this folder, or into it.
 */
export interface Lock {
  /** The path of a file in the folder. */
  path(file: string): string;
  release(): Promise<void>;
}

/**
 * Locks by name, across processes.
 *
 * `<name>` is taken by renaming a folder to it that has `<owner>` in it, which fails unless nothing
 * or an empty folder is there. It is released, and taken away from an owner that is gone, by
 * removing `<owner>` with all that is in it, and then `<name>` if it is empty. No owner has
 * the name of another, so whatever a former owner still does, and whenever it goes on, misses: its
 * folder does not exist any more, and a folder that was removed takes in and gives out nothing.
 * So to think wrongly that an owner is gone costs time, never a session.
 */
export class Locks {
  readonly #folder: string;

  /** `folder` is used as it is: it may go through a name and back. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Takes the lock, or answers `undefined` when somebody else has it. After `lease` milliseconds
   * others may take it away. The lock to remove a session can be had on a full disk too.
   */
  async take(name: string, lease: number, toRemove: boolean): Promise<Lock | undefined> {
    const place = `${this.#folder}/${name}`;
    if (await this.#isHeld(place)) return undefined;
    const owner = nameOwner(await self(), lease);
    const key = `${this.#folder}/${owner}`;
    let isReserve = false;
    let isMade = false;
    try {
      isReserve = await this.#makeKey(key, owner, toRemove);
      isMade = true;
      await rename(key, place);
    } catch (error) {
      await remove(key, owner).catch(() => {}); // it is swept when its lease is over
      if (isMade && hasCode(error, ...HELD)) return undefined;
      throw error;
    }
    return {
      path: (file) => `${place}/${owner}/${file}`,
      release: async () => {
        // What was done is done: a lock that stays here is taken away when its lease is over.
        await remove(place, owner).catch(() => {});
        if (isReserve) await this.#makeReserve().catch(() => {});
      },
    };
  }

  /** Removes what owners that are gone have left, and sees to the reserve. */
  async sweep(warn: (error: unknown) => void): Promise<void> {
    await self(); // so that no lock has to wait for it
    for (const name of await readdir(this.#folder).catch(noneIfAbsent)) {
      try {
        const place = `${this.#folder}/${name}`;
        if (/^[0-9a-f]{64}$/.test(name)) await this.#isHeld(place);
        else if (parseOwner(name) && (await isGone(name))) await rm(place, RECURSIVELY);
      } catch (error) {
        warn(error);
      }
    }
    await this.#makeReserve();
  }

  /** Answers whether it took the reserve. */
  async #makeKey(key: string, owner: string, toRemove: boolean): Promise<boolean> {
    try {
      await makeFolder(key);
      await makeFolder(`${key}/${owner}`);
      return false;
    } catch (error) {
      if (!toRemove || !hasCode(error, ...FULL)) throw error;
      await rmdir(key).catch(ignore('ENOENT'));
      await rename(`${this.#folder}/${RESERVE}`, key);
      if (!(await lstat(key)).isDirectory()) throw error; // a link, perhaps, and not to be followed
      await rename(`${key}/${RESERVE}`, `${key}/${owner}`);
      return true;
    }
  }

  /** Whether somebody has the lock, who is not gone. Clears away what is left of others. */
  async #isHeld(place: string): Promise<boolean> {
    try {
      if (!(await lstat(place)).isDirectory()) {
        await unlink(place);
        return false;
      }
      const owners = await readdir(place);
      for (const owner of owners) {
        if (!(await isGone(owner))) return true;
        await remove(place, owner);
      }
      if (owners.length === 0) await removeEmpty(place);
    } catch (error) {
      if (hasCode(error, ...HELD)) return true; // whoever was thought to be gone is at work
      if (!hasCode(error, 'ENOENT')) throw error; // others clear away, too
    }
    return false;
  }

  /** Puts the reserve in its place, unless it is there. Fails where nothing can be written. */
  async #makeReserve(): Promise<void> {
    const reserve = `${this.#folder}/${RESERVE}`;
    // Under a name that nobody else has: a link in the place of the reserve would be followed.
    const made = `${this.#folder}/${nameOwner(await self(), 0)}`;
    try {
      await makeFolder(made);
      await makeFolder(`${made}/${RESERVE}`);
      await rename(made, reserve).catch(async (error) => {
        ignore('ENOTDIR')(error); // a file or a link: not ours
        await unlink(reserve);
        await rename(made, reserve);
      });
    } catch (error) {
      await remove(made, RESERVE).catch(() => {}); // or the next sweep does
      ignore('ENOENT', ...HELD, ...FULL)(error);
    }
  }
}

async function remove(place: string, owner: string): Promise<void> {
  const folder = `${place}/${owner}`;
  await rmdir(folder).catch(() => rm(folder, RECURSIVELY));
  await removeEmpty(place);
}

async function removeEmpty(place: string): Promise<void> {
  await rmdir(place).catch(ignore('ENOENT', 'ENOTDIR', ...HELD));
}

/** A process, among those that can tell whether it runs. */
interface Self {
  /** Where its number means something: this boot of this kernel, this namespace. */
  readonly realm: string;
  readonly pid: number;
  /** When it started, in ticks since the boot; so that another one with the same pid is told apart. */
  readonly start: string;
  /** Whether /proc shows the processes of its realm. */
  readonly canLook: boolean;
}

interface Owner extends Omit<Self, 'canLook'> {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly lease: number;
}

const OWNER = /^(\d+)-(\d+)-(\d+)-(\d+)-([0-9a-z.]*)-[0-9a-f]{16}$/;

// All that others have to know is in the name, so it is there in one step, and cannot be cut off.
function nameOwner({ realm, pid, start }: Self, lease: number): string {
  const random = randomBytes(8).toString('hex');
  return `${Date.now()}-${Math.ceil(lease)}-${pid}-${start}-${realm}-${random}`;
}

function parseOwner(name: string): Owner | undefined {
  const [, since, lease, pid, start, realm] = OWNER.exec(name) ?? [];
  if (start === undefined || realm === undefined) return undefined;
  return { since: Number(since), lease: Number(lease), pid: Number(pid), start, realm };
}

/**
 * Whether the owner is gone, or its lease is over, or the clock was turned back. Elsewhere than in
 * our own realm nobody can tell whether a process runs, or which one a number means.
 */
async function isGone(name: string): Promise<boolean> {
  const owner = parseOwner(name);
  if (!owner) return true;
  const now = Date.now();
  if (now < owner.since || now >= owner.since + owner.lease) return true;
  const { realm, canLook } = await self();
  if (!canLook || realm !== owner.realm) return false;
  const { state, start } = (await processStat(owner.pid)) ?? {};
  return start !== owner.start || state === 'Z' || state === 'X';
}

let known: Promise<Self> | undefined;

/** This process. On other systems than Linux its realm is unknown, and only leases count. */
function self(): Promise<Self> {
  known ??= look();
  return known;
}

async function look(): Promise<Self> {
  try {
    const [boot, namespace, shown, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink('/proc/self/ns/pid'),
      readlink('/proc/self'),
      processStat('self'),
    ]);
    if (stat) {
      const realm = `${boot.replace(/[^0-9a-f]/g, '')}.${namespace.replace(/\D/g, '')}`;
      // A namespace may have been given the /proc of another.
      const canLook = shown === String(process.pid);
      return { realm, pid: process.pid, start: stat.start, canLook };
    }
  } catch {
    // no /proc, or not one that we may look into
  }
  return { realm: '', pid: process.pid, start: '0', canLook: false };
}

async function processStat(
  pid: number | 'self',
): Promise<{ state: string; start: string } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name, in brackets, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', start: fields[19] ?? '' };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}
