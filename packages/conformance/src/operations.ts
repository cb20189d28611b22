import type { FullSessionStore, ListOptions } from '@sessions/core';

type Operation = (store: FullSessionStore, id: string) => Promise<unknown>;

/** Every operation that takes an id. */
export const operationsOnOne: Readonly<Record<string, Operation>> = {
  read: (store, id) => store.read(id),
  readVersion: (store, id) => store.readVersion(id),
  write: (store, id) => store.write(id, { n: 1 }),
  destroy: (store, id) => store.destroy(id),
  update: (store, id) => store.update(id, (session) => ({ ...session, n: 1 })),
  touch: (store, id) => store.touch(id),
};

/** Every operation but `init` and `close`. Each changes no session but that of the id. */
export const operations: Readonly<Record<string, Operation>> = {
  ...operationsOnOne,
  all: (store) => store.all(),
  entries: (store) => listed(store),
  versions: (store) => gathered(store.versions()),
  ids: (store) => gathered(store.ids()),
  clear: (store, id) => store.clear({ prefix: id }),
  prune: (store) => store.prune(),
};

/** What `entries` gives. */
export function listed(
  store: FullSessionStore,
  options?: ListOptions,
): Promise<[id: string, session: object][]> {
  return gathered(store.entries(options));
}

export async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
