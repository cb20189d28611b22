import { AsyncLocalStorage } from 'node:async_hooks';
import { type Changed, type FullSessionStore, type Session, SessionError } from '@sessions/core';

/** What the exclusive run under way has read first, or written since, as JSON text. */
const runs = new AsyncLocalStorage<Map<FullSessionStore, Map<string, string>>>();

/** Within `run`, what is `guarded` is written only over what was read there. */
export const guardRun = <R>(run: () => R): R => runs.run(new Map(), run);

type Change = (session: Session | null) => Changed | Promise<Changed>;

/** A store in which an exclusive run overwrites only versions that it has seen. */
export interface GuardedStore extends Pick<FullSessionStore, 'read' | 'readVersion' | 'update'> {
  /**
   * As `update`, for a session that was computed from an earlier read. Within an exclusive run it rejects
   * with `CONFLICT`, and changes nothing, when the session is not what the run has read first, or written
   * since. If the run has not read it, or there is no run, the session is replaced whatever it is.
   */
  replace: FullSessionStore['update'];
}

/**
 * Guards a store within each run of `exclusiveRuns`: a run that has lost its lease overwrites nothing.
 * `update` sees the session that is there, whoever has written it, so the guard never refuses it.
 *
 * Throws a `TypeError` when the store has only the five methods.
 */
export function guarded(store: FullSessionStore): GuardedStore {
  if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');

  const readVersion: GuardedStore['readVersion'] = async (id) => {
    const version = await store.readVersion(id);
    const seen = seenOf(store);
    // The first time: who has lost the lease may be reading what somebody else wrote since.
    if (seen && !seen.has(id)) seen.set(id, JSON.stringify(version?.session ?? null));
    return version;
  };

  const changer =
    (isReplaced: boolean): GuardedStore['update'] =>
    async (id, change: Change, options) => {
      const seen = seenOf(store);
      const expected = seen?.get(id);
      let isSeen = true;
      const next = (found: Session | null) => {
        isSeen = expected === undefined || JSON.stringify(found) === expected;
        if (isSeen || !isReplaced) return change(found);
        throw new SessionError('CONFLICT', 'the session was changed since it was read', { id });
      };
      const stored = await store.update(id, next, options);
      if (isSeen) seen?.set(id, JSON.stringify(stored));
      return stored;
    };

  return {
    readVersion,
    read: async (id) => (await readVersion(id))?.session ?? null,
    replace: changer(true),
    update: changer(false),
  };
}

function seenOf(store: FullSessionStore): Map<string, string> | undefined {
  const stores = runs.getStore();
  if (stores && !stores.has(store)) stores.set(store, new Map());
  return stores?.get(store);
}
