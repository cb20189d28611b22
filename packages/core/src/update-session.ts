import { JSON_TEXT } from './json.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import {
  type Changed,
  type FullSessionStore,
  KEEP,
  type Session,
  type SessionStore,
} from './session-store.ts';

// One for all copies of this package in the process.
const KEY = Symbol.for('@sessions/core mutexes');
const shared = globalThis as { [KEY]?: WeakMap<object, Pick<KeyedMutex, 'run'>> };
shared[KEY] ??= new WeakMap();
const mutexes = shared[KEY];

/**
 * `store.update(id, change)` for any store. If the store has only the five methods, calls for one id
 * wait for each other in this process, and a change that another process makes at the same time can
 * be lost.
 */
export async function updateSession<S extends Session>(
  store: SessionStore<S>,
  id: string,
  change: (session: S | null) => Changed<S> | Promise<Changed<S>>,
): Promise<S | null> {
  if ('update' in store) return (store as FullSessionStore<S>).update(id, change);
  const mutex = mutexes.get(store) ?? new KeyedMutex();
  mutexes.set(store, mutex);
  return mutex.run(id, async () => {
    const found = await readSession(store, id);
    const session = await change(found && copy(found));
    if (session === undefined) throw new TypeError(RETURNED_UNDEFINED);
    if (session === KEEP) return found;
    if (session === null) {
      await store.destroy(id);
      return null;
    }
    const written = copy(session);
    await store.write(id, copy(written));
    return written;
  });
}

export const RETURNED_UNDEFINED =
  'change returned undefined; return the session, null to destroy it, or KEEP to leave it';

/** A private copy of what the store reads, also from one written by hand. */
export async function readSession<S extends Session>(
  store: SessionStore<S>,
  id: string,
): Promise<S | null> {
  const session: S | null | undefined = await store.read(id);
  if (session === null || session === undefined) return null;
  return 'update' in store ? session : copy(session);
}

function copy<S extends Session>(session: S): S {
  return JSON_TEXT.decode(JSON_TEXT.encode(session, Infinity)) as S;
}
