import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SessionStore } from '@sessions/core';
import { explain, Failure } from './failure.ts';

const FILES = ['sessions.config.mjs', 'sessions.config.js'];

export interface Configured {
  /** The text of a store, as for `--store`, a store, or a function that makes one. */
  readonly store?: string | SessionStore | (() => StoreOrText | Promise<StoreOrText>) | undefined;
  /**
   * Minutes that the bot's sessions live after a write. The command line gives this lifetime to sessions
   * that it makes or touches, and computes from the expiry of a session when it was written.
   */
  readonly expiresIn?: number | undefined;
}

type StoreOrText = string | SessionStore;

/** What `sessions.config.mjs` exports by default. */
export type Config = Configured | NonNullable<Configured['store']>;

/** What the `sessions.config.mjs` of the folder says; nothing when there is none. */
export async function readConfig(folder: string): Promise<Configured> {
  const file = FILES.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) return {};
  const config = await defaultOf(file);
  if (typeof config === 'string' || typeof config === 'function') return { store: config };
  if (typeof config !== 'object' || config === null) {
    throw new Failure(`${file} must export by default a store, its text, or an object`);
  }
  return 'read' in config ? { store: config as SessionStore } : (config as Configured);
}

async function defaultOf(file: string): Promise<Config | undefined> {
  try {
    return (await import(pathToFileURL(file).href)).default;
  } catch (error) {
    const isModule = file.endsWith('.js') && error instanceof SyntaxError;
    const hint = isModule ? '; as an ES module it is named sessions.config.mjs' : '';
    throw new Failure(`${file}: ${explain(error)}${hint}`);
  }
}
