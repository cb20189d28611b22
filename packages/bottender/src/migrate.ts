import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '@sessions/bot';
import {
  checkOptions,
  type FullSessionStore,
  isRefusal,
  isSessionError,
  KeyedMutex,
  minutesLeft,
} from '@sessions/core';
import { loadClient } from './client.ts';
import { readFiles } from './files.ts';
import type { Found, Problem } from './found.ts';
import { readMongo } from './mongo.ts';
import { readRedis } from './redis.ts';

const AT_ONCE = 16;

export interface MigrateOptions {
  /** The `expiresIn` of the bot's settings, in minutes, for files and Mongo; 0, for never, by default. */
  readonly expiresIn?: number | undefined;
  /** The collection, for Mongo; `sessions` by default. */
  readonly collection?: string | undefined;
  /** Reads all and writes nothing; `to` is not even opened. */
  readonly dryRun?: boolean | undefined;
  /** The bot's folder: it has the clients and the store's package, and a relative `from` begins there. */
  readonly folder?: string | undefined;
  /** Called after each few sessions. */
  readonly onProgress?: ((progress: Migrated) => void) | undefined;
  /** Called for each thing that was not understood. */
  readonly onProblem?: ((problem: Problem) => void) | undefined;
  /** The clock, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

/** Counts of a migration. */
export interface Migrated {
  readonly copied: number;
  /** The store has a session with that id already: a newer one, or one copied before. */
  readonly kept: number;
  readonly expired: number;
  readonly problems: number;
}

/**
 * Copies the sessions of one of Bottender's stores to the store that a text names, each with what is
 * left of its lifetime. Both are named as on the command line. Nothing is overwritten, so it may be
 * interrupted and called again.
 *
 * Rejects with the error of the client or of the store, and with an `Error` that says what is wrong
 * with the arguments.
 */
export async function migrate(
  from: string,
  to: string,
  options: MigrateOptions = {},
): Promise<Migrated> {
  checkOptions('migrate', options, OPTIONS);
  const { dryRun = false, folder = process.cwd(), now = Date.now } = options;
  const { onProgress = () => {}, onProblem = () => {} } = options;
  const source = open(from, folder, options);
  const store = (await openStore(to, folder)) as FullSessionStore;
  const counts = { copied: 0, kept: 0, expired: 0, problems: 0 };
  const lines = new KeyedMutex(); // of two documents with one id, the first is the one that Bottender reads
  const move = async (found: Found) => {
    const key = 'id' in found ? found.id : '';
    const outcome = await lines.run(key, () => moveTo(dryRun ? null : store, found, now()));
    if (typeof outcome === 'string') counts[outcome]++;
    else {
      counts.problems++;
      onProblem(outcome);
    }
  };
  try {
    if (typeof store.versions !== 'function') throw new Error('the store keeps no lifetimes');
    for await (const some of inGroups(source)) {
      await Promise.all(some.map(move));
      onProgress({ ...counts });
    }
  } finally {
    await store.close?.();
  }
  return counts;
}

const OPTIONS = ['expiresIn', 'collection', 'dryRun', 'folder', 'onProgress', 'onProblem', 'now'];

function open(from: string, folder: string, options: MigrateOptions): AsyncIterable<Found> {
  const { expiresIn = 0, collection } = options;
  const [, scheme, rest = ''] = /^([^:]+):(.*)$/s.exec(from) ?? [];
  if (!(expiresIn >= 0 && expiresIn < Infinity)) {
    throw new Error('expiresIn is a number of minutes, 0 for never, as in bottender.config.js');
  }
  if (collection !== undefined && !scheme?.startsWith('mongodb')) {
    throw new Error('only Mongo has collections');
  }
  switch (scheme) {
    case 'file':
      return readFiles(
        rest.startsWith('//') ? fileURLToPath(from) : resolve(folder, rest),
        expiresIn,
      );
    case 'redis':
    case 'rediss':
      if (expiresIn > 0)
        throw new Error('keys in Redis have lifetimes of their own, which are kept');
      return readRedis(from, loadClient('ioredis', folder));
    case 'mongodb':
    case 'mongodb+srv':
      return readMongo(from, collection ?? 'sessions', expiresIn, loadClient('mongodb', folder));
  }
  throw new Error('what to move from is file:<folder>, redis://… or mongodb://…');
}

async function moveTo(
  store: FullSessionStore | null,
  found: Found,
  now: number,
): Promise<'copied' | 'kept' | 'expired' | Problem> {
  if ('problem' in found) return found;
  const { id, session, expiresAt } = found;
  const expiresIn = minutesLeft(expiresAt, now);
  if (!(expiresIn > 0)) return 'expired';
  try {
    await store?.write(id, session, { expiresIn, ifMatch: null });
    return 'copied';
  } catch (error) {
    if (isSessionError(error, 'CONFLICT')) return 'kept';
    if (!isRefusal(error)) throw error;
    return { name: id, problem: `${error.message} (${error.code})` };
  }
}

async function* inGroups(source: AsyncIterable<Found>): AsyncGenerator<Found[]> {
  let group: Found[] = [];
  for await (const found of source) {
    if (group.push(found) < AT_ONCE) continue;
    yield group;
    group = [];
  }
  yield group;
}
