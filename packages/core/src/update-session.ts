import { copyIn } from './json.ts';
import { Lines } from './line.ts';
import type { FullSessionStore, Session, SessionStore } from './session-store.ts';

// One for all copies of this package in the process.
const KEY = Symbol.for('@sessions/core lines');
const shared = globalThis as { [KEY]?: WeakMap<object, Pick<Lines, 'run'>> };
shared[KEY] ??= new WeakMap();
const linesOf = shared[KEY];

/**
 * `store.update(id, change)` for any store. With one that has only the five methods, calls for one
 * id wait in line in this process; a change made by another process at the same time can be lost.
 */
export async function updateSession<S extends Session>(
  store: SessionStore<S>,
  id: string,
  change: (session: S | null) => S | null | Promise<S | null>,
): Promise<S | null> {
  if ('update' in store) return (store as FullSessionStore<S>).update(id, change);
  const lines = linesOf.get(store) ?? new Lines();
  linesOf.set(store, lines);
  return lines.run(id, async () => {
    const session = await change(await readSession(store, id));
    if (session === undefined) {
      throw new TypeError('change returned undefined; return the session, or null to destroy it');
    }
    if (session === null) {
      await store.destroy(id);
      return null;
    }
    const copy = copyIn(session, Infinity);
    await store.write(id, copyIn(copy, Infinity));
    return copy;
  });
}

/** A private copy of what the store reads, also from one written by hand. */
export async function readSession<S extends Session>(
  store: SessionStore<S>,
  id: string,
): Promise<S | null> {
  const session: S | null | undefined = await store.read(id);
  return session === null || session === undefined ? null : copyIn(session, Infinity);
}
