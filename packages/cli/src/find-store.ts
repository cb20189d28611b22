import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SessionStore } from '@sessions/core';
import { Failure } from './failure.ts';
import { checkPath } from './nothing-there.ts';
import { packageEntry } from './package-entry.ts';
import { parseStore } from './store-text.ts';

export interface FoundStore {
  /** `redis` of `redis://host`, whichever package it came from. */
  readonly name: string;
  readonly store: SessionStore;
  /** The package's main file, from where its client is found. */
  readonly file: string;
  readonly args: readonly string[];
}

// Whoever looks at a database changes nothing in it.
const LOOKING: Readonly<Record<string, object>> = {
  '@sessions/postgres': { autoCreate: false },
  '@sessions/mongo': { autoIndex: false },
};

const PATHS: Readonly<Record<string, string>> = { file: '.sessions', sqlite: 'sessions.db' };

/**
 * The store that a text names. Its package is looked for in the project of the folder, and nowhere
 * else: the versions of the driver and the client are those that the bot runs with. Unless `makes`, the
 * store makes no folder, file, table or index that is missing.
 */
export async function findStore(text: string, folder: string, makes: boolean): Promise<FoundStore> {
  const { name, args } = parseStore(text);
  if (name === 'memory') {
    throw new Failure('memory is inside the process of the bot: from here there is nothing to see');
  }
  const candidates = /^[a-z0-9-]+$/.test(name) ? [`@sessions/${name}`, name] : [name];
  let found: string | undefined;
  for (const candidate of candidates) {
    const file = packageEntry(candidate, folder);
    if (file === undefined) continue;
    found ??= candidate;
    const Store = storeIn(await import(pathToFileURL(file).href));
    if (!Store) continue;
    const usual = candidate === `@sessions/${name}` ? PATHS[name] : undefined;
    if (!makes && usual) checkPath(name, resolve(folder, args[0] ?? usual));
    const options = makes ? undefined : LOOKING[candidate];
    const store = options ? new Store(args[0], options) : new Store(...args);
    return { name, store, file, args };
  }
  if (found) throw new Failure(`${found} exports no class whose name ends with SessionStore`);
  if (name.startsWith('.') || isAbsolute(name)) {
    throw new Failure(`there is no ${name} in ${folder}`);
  }
  if (args.length === 0 && existsSync(resolve(folder, name))) {
    throw new Failure(`there is no package ${name} in ${folder}; the folder ${name} is ./${name}`);
  }
  throw new Failure(
    `the store ${name} is not installed in ${folder}: npm install ${candidates[0]}`,
  );
}

type StoreClass = new (...args: unknown[]) => SessionStore;

function storeIn(module: Record<string, unknown>): StoreClass | undefined {
  for (const [name, value] of Object.entries(module)) {
    if (name.endsWith('SessionStore') && typeof value === 'function') return value as StoreClass;
  }
  return undefined;
}
