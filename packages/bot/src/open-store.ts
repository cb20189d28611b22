import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SessionStore } from '@sessions/core';

// Every other scheme is the name of its package.
const NAMES: ReadonlyMap<string, string> = new Map([
  ['rediss', 'redis'],
  ['mongodb', 'mongo'],
  ['mongodb+srv', 'mongo'],
  ['postgresql', 'postgres'],
]);

/**
 * Opens the store that a text names: a URL, or the name of a package, perhaps with `:` and an argument.
 * `redis` means `@sessions/redis` or a package `redis`, whichever exports a store. The package is
 * looked for in the folder `from`, then beside this one.
 *
 * Rejects with an `Error` that says what to install when there is none.
 */
export async function openStore(text: string, from: string): Promise<SessionStore> {
  const { name, args } = parse(text);
  const candidates = /^[a-z0-9-]+$/.test(name) ? [`@sessions/${name}`, name] : [name];
  let found: string | undefined;
  for (const candidate of candidates) {
    const path = find(candidate, from);
    if (path === undefined) continue;
    found ??= candidate;
    const Store = storeIn(await import(pathToFileURL(path).href));
    if (Store) return new Store(...args);
  }
  if (found) throw new Error(`${found} exports no class whose name ends with SessionStore`);
  if (name.startsWith('.')) throw new Error(`there is no ${name} in ${from}`);
  throw new Error(`the store ${name} is not installed; npm install ${candidates[0]}`);
}

/** The name in such a text: `redis` of `redis`, `rediss://host` and `redis:argument`. */
export function storeName(text: string): string {
  return parse(text).name;
}

function parse(text: string): { name: string; args: string[] } {
  const [, name = text, rest] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (rest === undefined) return { name, args: [] };
  if (!rest.startsWith('//')) return { name, args: [rest] };
  if (name === 'file') return { name, args: [fileURLToPath(text)] };
  return { name: NAMES.get(name) ?? name, args: [text] };
}

function find(name: string, from: string): string | undefined {
  for (const base of [pathToFileURL(join(from, 'noop.js')), import.meta.url]) {
    try {
      const path = createRequire(base).resolve(name);
      if (isAbsolute(path)) return path; // otherwise a module of Node itself
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

type StoreClass = new (...args: string[]) => SessionStore;

function storeIn(module: Record<string, unknown>): StoreClass | undefined {
  for (const [name, value] of Object.entries(module)) {
    if (name.endsWith('SessionStore') && typeof value === 'function') return value as StoreClass;
  }
  return undefined;
}
