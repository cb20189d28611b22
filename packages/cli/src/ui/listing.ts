import type { ServerResponse } from 'node:http';
import { type FullSessionStore, hashId, type ListOptions } from '@sessions/core';
import { listed } from '../listed.ts';
import { Output } from '../output.ts';
import { problem } from './answer.ts';
import { HEADERS } from './guard.ts';

/** Those who are told of records that cannot be read: the SHA-256 of the id, as far as it is known. */
export type Unreadable = Set<(idHash: string | undefined) => void>;

/** What a listing is of. */
export interface Listing {
  readonly store: FullSessionStore;
  readonly prefix: string;
  readonly now: () => number;
  /** Minutes that sessions live after a write, if that is known: so it is known when that was. */
  readonly expiresIn: number | undefined;
  readonly unreadable: Unreadable;
  readonly hide: (text: string) => string;
}

/**
 * Sends a line of JSON for each session whose id begins with `prefix`: `[id, bytes, lastActivity,
 * expiresAt]`, times in milliseconds or `null`. For a record that cannot be read comes
 * `{ corrupt: hash, id? }`. The last line is `{ end: true }` or `{ error }`; without either the
 * answer was cut off. The store is read as fast as the page takes it, and no further when the page
 * has gone.
 */
export async function sendListing(response: ServerResponse, listing: Listing): Promise<void> {
  const { store, prefix, now, expiresIn, unreadable, hide } = listing;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { signal } = gone;
  const hashes: (string | undefined)[] = [];
  const hear = (idHash: string | undefined) => void hashes.push(idHash);
  const out = new Output(response, signal);
  const line = (value: unknown) => out.line(JSON.stringify(value));

  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/x-ndjson; charset=utf-8' });
  unreadable.add(hear);
  try {
    await line({ now: now() });
    await out.flush();
    const versions = store.versions({ prefix, signal });
    for await (const { id, bytes, lastActivity, expiresAt } of listed(versions, expiresIn)) {
      await line([id, bytes, lastActivity, expiresAt]);
    }
    await new Promise(setImmediate); // what a store warns of by the process comes a moment later
    unreadable.delete(hear);
    for await (const found of named(hashes, store, { prefix, signal })) await line(found);
    await line({ end: true });
  } catch (error) {
    if (!signal.aborted) await line({ error: problem(error, hide) });
  } finally {
    unreadable.delete(hear);
    await out.flush().catch(() => {}); // the page may have gone
    response.end();
  }
}

/** What cannot be read, by its id where the backend can tell ids without the sessions. */
async function* named(
  hashes: readonly (string | undefined)[],
  store: FullSessionStore,
  options: ListOptions,
): AsyncGenerator<{ corrupt: string | null; id?: string }> {
  const nameless = new Set(hashes);
  for (const hash of hashes) if (hash === undefined) yield { corrupt: null };
  nameless.delete(undefined);
  if (nameless.size === 0) return;
  for await (const id of store.ids(options)) {
    const corrupt = hashId(id);
    if (nameless.delete(corrupt)) yield { corrupt, id };
  }
  for (const corrupt of nameless) yield { corrupt: corrupt ?? null };
}
