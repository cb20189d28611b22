import type { FullSessionStore } from '@sessions/core';

type Operation = (store: FullSessionStore, id: string) => Promise<unknown>;

/** Every operation that takes an id. */
export const operationsOnOne: Readonly<Record<string, Operation>> = {
  read: (store, id) => store.read(id),
  write: (store, id) => store.write(id, { n: 1 }),
  destroy: (store, id) => store.destroy(id),
  update: (store, id) => store.update(id, (session) => ({ ...session, n: 1 })),
  touch: (store, id) => store.touch(id),
};

/** Every operation but `init` and `close`. */
export const operations: Readonly<Record<string, Operation>> = {
  ...operationsOnOne,
  all: (store) => store.all(),
  entries: (store) => listed(store),
  prune: (store) => store.prune(),
};

export async function listed(store: FullSessionStore): Promise<[id: string, session: object][]> {
  const entries: [string, object][] = [];
  for await (const entry of store.entries()) entries.push(entry);
  return entries;
}
