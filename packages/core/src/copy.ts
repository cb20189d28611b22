import { concurrently } from './concurrently.ts';
import { isSessionError } from './errors.ts';
import { checkFunction, checkOptions } from './options.ts';
import type { FullSessionStore, ListOptions, Session } from './session-store.ts';

export interface CopyOptions extends ListOptions {
  /** Is told after each session how many were copied, and how many left as they were there already. */
  readonly onProgress?: ((progress: Copied) => void) | undefined;
  /** The clock, in milliseconds since 1970, by which what is left of lifetimes is counted. */
  readonly now?: (() => number) | undefined;
}

export interface Copied {
  readonly copied: number;
  readonly kept: number;
}

/**
 * Copies sessions from one store to another, each with what is left of its lifetime. A session
 * that `to` has already is newer, or was copied before, and stays as it is: so a copy that was
 * interrupted is called again, and a bot may use `to` meanwhile. Corrupt records of `from` only reach
 * its `onWarning`.
 *
 * Rejects with the `SessionError` of either store, or with the reason of `signal`.
 */
export async function copy<S extends Session>(
  from: FullSessionStore<S>,
  to: FullSessionStore<S>,
  options: CopyOptions = {},
): Promise<Copied> {
  checkOptions('copy', options, ['prefix', 'signal', 'onProgress', 'now']);
  const { onProgress = () => {}, now = () => Date.now(), ...listing } = options;
  checkFunction('onProgress', onProgress);
  checkFunction('now', now);
  for (const [name, store] of Object.entries({ from, to })) {
    if (typeof store?.versions === 'function') continue;
    throw new TypeError(`${name} must be a store with versions`);
  }
  let copied = 0;
  let kept = 0;
  await concurrently(from.versions(listing), async ([id, { session, expiresAt }]) => {
    const expiresIn = expiresAt === null ? Infinity : (expiresAt - now()) / 60_000;
    if (!(expiresIn > 0)) return; // since it was listed
    try {
      await to.write(id, session, { expiresIn, ifMatch: null });
      copied++;
    } catch (error) {
      if (!isSessionError(error, 'CONFLICT')) throw error;
      kept++;
    }
    onProgress({ copied, kept });
  });
  return { copied, kept };
}
