import { readdir } from 'node:fs/promises';
import { SessionError } from '@sessions/core';
import { FULL, hasCode, ignore, makeFolders } from './folder.ts';
import { Locks } from './lock.ts';
import { Root } from './root.ts';
import { Sessions } from './sessions.ts';

const READ_ONLY = ['EROFS', 'EACCES', 'EPERM'];

/**
 * Makes what is missing of the folder, and clears away what processes have left. `warn` hears of
 * what is no reason to fail: sessions that can be read, and not changed, or are another store's.
 */
export async function openFolder(
  path: string,
  flush: boolean,
  largest: number,
  warn: (warning: Error) => void,
): Promise<{ root: Root; sessions: Sessions; locks: Locks }> {
  const hindrances: unknown[] = [];
  const hindered = (error: unknown) => {
    ignore(...FULL, ...READ_ONLY)(error);
    hindrances.push(error);
  };
  await makeFolders(path, flush).catch(hindered);
  const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
    throw hindrances[0] ?? error;
  });
  const root = await Root.open(path, entries, hindered);
  await root.make('locks').catch(hindered);
  const sessions = new Sessions(root, largest);
  const locks = new Locks(root, (name) => sessions.removeTemporary(name));
  const swept = locks.sweep((cause) => {
    const what = 'what a process has left cannot be removed';
    warn(new SessionError('UNAVAILABLE', what, { cause }));
  });
  await swept.catch(hindered);
  const foreign = entries.filter(({ name }) => name.endsWith('.json')).length;
  if (foreign > 0) {
    const how =
      "if they are Bottender's, see 'Coming from Bottender' in the README of @sessions/file";
    warn(new Error(`${foreign} .json files in the folder are not read; ${how}`));
  }
  const cause = hindrances.find((error) => hasCode(error, ...READ_ONLY));
  if (cause) {
    warn(new SessionError('UNAVAILABLE', 'the sessions can be read, and not changed', { cause }));
  }
  return { root, sessions, locks };
}
