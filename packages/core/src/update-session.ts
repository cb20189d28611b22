import { copyIn } from './json.ts';
import { Lines } from './line.ts';
import type { FullSessionStore, Session, SessionStore } from './session-store.ts';

const linesOf = new WeakMap<object, Lines>();

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
    const found = await store.read(id);
    const session = await change(found && copyIn(found, Infinity));
    if (session === undefined) {
      throw new TypeError('change returned undefined; return the session, or null to destroy it');
    }
    if (session === null) await store.destroy(id);
    else await store.write(id, copyIn(session, Infinity));
    return session;
  });
}
