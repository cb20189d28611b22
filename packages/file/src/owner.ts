import { randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hasCode } from './folder.ts';

/** A process, among those that can tell whether it runs. */
export interface Self {
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

const random = randomBytes(4).toString('hex');
let count = 0;

// All that others have to know is in the name, so it is there in one step, and cannot be cut off.
export function nameOwner({ realm, pid, start }: Self, lease: number): string {
  count = (count + 1) % 2 ** 32;
  const unique = random + count.toString(16).padStart(8, '0');
  return `${Date.now()}-${Math.ceil(lease)}-${pid}-${start}-${realm}-${unique}`;
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
export async function isGone(name: string): Promise<boolean> {
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
export function self(): Promise<Self> {
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
