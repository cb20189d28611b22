// The program of a process of its own: it opens a store, and does with it what it is asked.
import { inspect } from 'node:util';
import type { FullSessionStore, StoreOptions } from '@sessions/core';

/** Opens the store; updates these sessions, one after another; closes the store. */
export type Request =
  | { readonly module: string; readonly argument: unknown; readonly options: StoreOptions }
  | { readonly update: readonly string[] }
  | 'close';

export type Reply = { readonly answer?: unknown } | { readonly error: string };

let store: FullSessionStore<{ n: number }>;

async function answerTo(request: Request): Promise<unknown> {
  if (request === 'close') return store.close();
  if ('update' in request) {
    const counts: (number | undefined)[] = [];
    for (const id of request.update) {
      const session = await store.update(id, (before) => ({ n: (before?.n ?? 0) + 1 }));
      counts.push(session?.n);
    }
    return counts;
  }
  const { open } = await import(request.module);
  if (typeof open !== 'function') throw new TypeError(`${request.module} exports no \`open\``);
  store = await open(request.argument, request.options);
  return void (await store.init());
}

process.on('disconnect', () => process.exit());
process.on('message', async (request: Request) => {
  let reply: Reply;
  try {
    reply = { answer: await answerTo(request) };
  } catch (error) {
    reply = { error: inspect(error) };
  }
  process.send?.(reply);
  if (request === 'close') process.channel?.unref(); // what keeps it running now is the store's
});
