import { readdir } from 'node:fs/promises';
import { type DriverEntry, isSessionError, SessionError } from '@sessions/core';
import { hasCode } from './folder.ts';
import type { Gate } from './gate.ts';
import { corrupt, readSession } from './read.ts';
import type { Root } from './root.ts';

const READ_AHEAD = 8; // sessions in memory, at most
// One file cannot be read, or one folder; the next one may.
const NO_ACCESS = ['EIO', 'EACCES', 'EPERM'];

/** All sessions. In place of what cannot be read comes the error that says so. */
export async function* list(
  root: Root,
  gate: Gate,
  most: number,
): AsyncGenerator<DriverEntry, void> {
  const shards = await gate.run(() => root.hold((path) => readdir(path, { withFileTypes: true })));
  for (const shard of shards) {
    if (!/^[0-9a-f]{2}$/.test(shard.name)) continue;
    if (!shard.isDirectory()) {
      yield new SessionError('CORRUPT', `${shard.name}, a folder of sessions, is no folder`);
      continue;
    }
    // All names first: a listing under way would show what is replaced meanwhile twice.
    const all = await root
      .look(shard.name, (folder) => readdir(folder))
      .catch(passOver(shard.name));
    if (isSessionError(all)) {
      yield all;
      continue;
    }
    const files = (all ?? []).filter((file) => file.endsWith('.json'));
    for (let i = 0; i < files.length; i += READ_AHEAD) {
      const ahead = files.slice(i, i + READ_AHEAD).map((file) => {
        const found = gate.run(() => entry(root, shard.name, file, most));
        return found.catch(passOver(`${shard.name}/${file}`));
      });
      for (const found of await Promise.all(ahead)) if (found) yield found;
    }
  }
}

async function entry(root: Root, shard: string, file: string, most: number): Promise<DriverEntry> {
  const name = file.slice(0, -'.json'.length);
  const found = await root.look(shard, (folder) => readSession(`${folder}/${file}`, name, most));
  if (!found) return null; // removed meanwhile
  if (!name.startsWith(shard)) throw corrupt(name, new Error(`it lies in ${shard}`));
  return [found.id, found.record];
}

/** For `catch`: the error that comes in the place of what is there, unless that is no reason to go on. */
function passOver(name: string): (cause: unknown) => SessionError {
  return (cause) => {
    if (isSessionError(cause, 'CORRUPT') || isSessionError(cause, 'TOO_LARGE')) return cause;
    if (!hasCode(cause, ...NO_ACCESS)) throw cause;
    return new SessionError('UNAVAILABLE', `${name} cannot be read`, { cause });
  };
}
