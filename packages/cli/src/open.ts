import { type Configured, readConfig } from './config.ts';
import { Failure } from './failure.ts';
import { type FoundStore, findStore } from './find-store.ts';

const METHODS = ['init', 'read', 'write', 'destroy', 'all'] as const;

/** A store with where it came from, as far as that is known. */
export type Opened = Pick<FoundStore, 'store'> &
  Partial<FoundStore> & { readonly text?: string; readonly expiresIn?: number | undefined };

export interface Where {
  /** The text of a store; the environment's or the config's when left out. */
  readonly text?: string | undefined;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether the store makes the folder, file, table or index that is missing. */
  readonly makes: boolean;
  /** Is told the text before anything else is done with it. */
  readonly onText: (text: string) => void;
}

/** The store that was asked for, that `SESSIONS_STORE` names, or the config. It is not ready yet. */
export async function chooseStore({ text, folder, env, makes, onText }: Where): Promise<Opened> {
  if (text === '') throw new Failure('--store is empty');
  const given = text ?? (env.SESSIONS_STORE || undefined);
  if (given !== undefined) onText(given);
  const config: Configured = await readConfig(folder);
  let wanted = given ?? config.store;
  if (typeof wanted === 'function') wanted = await wanted();
  if (wanted === undefined) {
    throw new Failure(
      'which store? say --store redis://host, for instance, or name it in SESSIONS_STORE or sessions.config.mjs',
    );
  }
  if (typeof wanted === 'string') onText(wanted);
  const found: Omit<Opened, 'expiresIn'> =
    typeof wanted === 'string'
      ? { ...(await findStore(wanted, folder, makes)), text: wanted }
      : { store: wanted };
  const missing = METHODS.find((name) => typeof found.store?.[name] !== 'function');
  if (missing) throw new Failure(`what was given as a store has no ${missing}`);
  return { ...found, expiresIn: config.expiresIn };
}
