import { concurrently } from './concurrently.ts';
import { isRefusal, isSessionError, type SessionError } from './errors.ts';
import { minutesLeft } from './expiry.ts';
import { checkFunction, checkOptions } from './options.ts';
import type { FullSessionStore, ListOptions, Session } from './session-store.ts';

export interface CopyOptions extends ListOptions {
  /** Called after each session with the numbers so far. */
  readonly onProgress?: ((progress: Copied) => void) | undefined;
  /**
   * Called for each session that `to` does not take, such as one that is too large; the copy goes on
   * then, when what it returns has settled. Without it, the copy rejects with that error.
   */
  readonly onRefused?: ((id: string, error: SessionError) => void | Promise<void>) | undefined;
  /**
   * The clock, in milliseconds since 1970, that tells how much of a lifetime is left; `Date.now`
   * by default.
   */
  readonly now?: (() => number) | undefined;
}

export interface Copied {
  /** Sessions that were copied. */
  readonly copied: number;
  /** Sessions that `to` already had. They stay as they are. */
  readonly kept: number;
}

/**
 * Copies sessions from one store to another, each with what is left of its lifetime.
 *
 * A session that `to` already has stays as it is: it is newer, or was copied before. So you can call
 * an interrupted copy again, and a bot may use `to` meanwhile. Corrupt records are not copied; the
 * `onWarning` of `from` gets an error for each.
 *
 * Rejects with the `SessionError` of either store, or with the reason of `signal`.
 */
export async function copy<S extends Session>(
  from: FullSessionStore<S>,
  to: FullSessionStore<S>,
  options: CopyOptions = {},
): Promise<Copied> {
  checkOptions('copy', options, ['prefix', 'signal', 'onProgress', 'onRefused', 'now']);
  const { onProgress = () => {}, onRefused, now = () => Date.now(), ...listing } = options;
  checkFunction('onProgress', onProgress);
  if (onRefused !== undefined) checkFunction('onRefused', onRefused);
  checkFunction('now', now);
  for (const [name, store] of Object.entries({ from, to })) {
    if (typeof store?.versions === 'function') continue;
    throw new TypeError(`${name} must be a store with versions`);
  }
  let copied = 0;
  let kept = 0;
  await concurrently(from.versions(listing), async ([id, { session, expiresAt }]) => {
    const expiresIn = minutesLeft(expiresAt, now());
    if (!(expiresIn > 0)) return; // since it was listed
    try {
      await to.write(id, session, { expiresIn, ifMatch: null });
      copied++;
    } catch (error) {
      if (isSessionError(error, 'CONFLICT')) kept++;
      else if (onRefused && isRefusal(error)) return await onRefused(id, error);
      else throw error;
    }
    onProgress({ copied, kept });
  });
  return { copied, kept };
}
