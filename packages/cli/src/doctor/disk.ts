import { access, constants, stat, statfs } from 'node:fs/promises';
import { size } from '../units.ts';
import { bad, type Finding, look, ok } from './finding.ts';

const LEAST_BYTES = 500_000_000;
const LEAST_PART = 0.05;

// As Linux names them in `statfs`.
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x01021994, 'tmpfs'],
  [0xef53, 'ext'],
  [0x58465342, 'XFS'],
  [0x9123683e, 'Btrfs'],
  [0x2fc12fc1, 'ZFS'],
  [0x794c7630, 'overlayfs'],
]);
const OF_OTHERS = ['NFS', 'CIFS', 'SMB', '9p', 'FUSE'];

/** Room, kind of the file system, and who may do what with the folder or file. */
export async function* examineDisk(path: string): AsyncGenerator<Finding> {
  const { type, bsize, bavail, blocks, files, ffree } = await statfs(path);
  yield room('free disk', size(bavail * bsize), bavail / blocks, bavail * bsize < LEAST_BYTES);
  if (files > 0) yield room('free inodes', ffree.toLocaleString('en'), ffree / files, false);
  const name = FILE_SYSTEMS.get(type) ?? `type 0x${type.toString(16)}`;
  if (OF_OTHERS.includes(name)) {
    yield look('file system', `${name}: locks reach one host, and only on a disk of its own`);
  } else if (name === 'tmpfs') {
    yield look('file system', 'tmpfs: all is gone when the host starts anew');
  } else yield ok('file system', name);
  yield* examineAccess(path);
}

function room(what: string, free: string, part: number, isLittle: boolean): Finding {
  const says = `${free}, ${Math.round(part * 100)} %`;
  return isLittle || part < LEAST_PART ? look(what, `only ${says}`) : ok(what, says);
}

async function* examineAccess(path: string): AsyncGenerator<Finding> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch {
    yield bad('permissions', `this user may not read and write ${path}`);
    return;
  }
  const { mode, uid } = await stat(path);
  const octal = (mode & 0o777).toString(8);
  const own = process.getuid?.();
  if (process.platform !== 'win32' && mode & 0o077) {
    yield look('permissions', `${octal}: other users of this host may get at the sessions`);
  } else if (own !== undefined && uid !== own) {
    yield look(
      'permissions',
      `it belongs to user ${uid}, this is ${own}: the bot's user should make it`,
    );
  } else yield ok('permissions', `read and write, mode ${octal}`);
}
