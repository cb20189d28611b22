import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type FullSessionStore,
  isSessionError,
  minutesLeft,
  type SessionStore,
  type Version,
} from '@sessions/core';
import { isFull } from '../context.ts';
import { lastActivityOf } from '../listed.ts';
import { problem, Refusal, sendJson } from './answer.ts';

const ABSENT = new Refusal(404, 'ABSENT', 'there is no such session');
const LONGEST_BODY = 64 * 1024 * 1024; // the store has its own bound, which is lower

/** What one request about one session needs. */
export interface Call {
  readonly store: SessionStore;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly now: () => number;
  readonly expiresIn: number | undefined;
}

/**
 * One session with its version, or no more than `same` when the page has that version (`etag`) already.
 * That there is none, or one that cannot be read, is an answer as well: the page asks again and again.
 */
export async function sendSession(call: Call): Promise<void> {
  const { store, response, query, now, expiresIn } = call;
  const id = query.get('id') ?? '';
  let version: Looked | null;
  try {
    version = await look(store, id);
  } catch (error) {
    if (!isSessionError(error, 'CORRUPT')) throw error;
    return sendJson(response, 200, { ...problem(error, String), now: now() });
  }
  if (!version) return sendJson(response, 200, { ...problem(ABSENT, String), now: now() });
  if (version.etag !== null && version.etag === query.get('etag')) {
    return sendJson(response, 200, { same: true, now: now() });
  }
  const active = lastActivityOf(version.session, version.expiresAt, expiresIn);
  sendJson(response, 200, { ...version, active, now: now() });
}

type Looked = Pick<Version, 'session' | 'expiresAt'> & { readonly etag: string | null };

async function look(store: SessionStore, id: string): Promise<Looked | null> {
  if (isFull(store)) return store.readVersion(id);
  const session = await store.read(id);
  return session && { session, etag: null, expiresAt: null };
}

/** Puts the session in place of the version that the page showed, or of none. */
export async function writeSession({
  request,
  response,
  query,
  now,
  ...call
}: Call): Promise<void> {
  const store = full(call.store);
  const { session, ifMatch, expiresAt } = await readBody(request);
  if (session === undefined || ifMatch === undefined) {
    throw new Refusal(400, 'INVALID', 'a session and ifMatch are needed');
  }
  const options = { ifMatch: ifMatch as string | null };
  if (expiresAt === undefined) {
    await store.write(query.get('id') ?? '', session as never, options);
  } else {
    // An edit is no activity: the session keeps the end that it had.
    const left = minutesLeft(expiresAt as number | null, now());
    if (!(left > 0)) throw new Refusal(409, 'CONFLICT', 'the session has expired meanwhile');
    await store.write(query.get('id') ?? '', session as never, { ...options, expiresIn: left });
  }
  sendJson(response, 200, { now: now() });
}

/** Removes the version that the page showed; whatever is there when no version could be read. */
export async function deleteSession({ response, query, now, ...call }: Call): Promise<void> {
  const store = full(call.store);
  const etag = query.get('etag');
  await store.destroy(query.get('id') ?? '', etag === null ? {} : { ifMatch: etag });
  sendJson(response, 200, { now: now() });
}

/** Starts the lifetime anew: `minutes`, or `null` for ever. */
export async function touchSession({
  request,
  response,
  query,
  now,
  ...call
}: Call): Promise<void> {
  const store = full(call.store);
  const { minutes } = await readBody(request);
  const expiresIn = minutes === null ? Infinity : (minutes as number);
  const isThere = await store.touch(query.get('id') ?? '', { expiresIn });
  if (!isThere) throw ABSENT;
  sendJson(response, 200, { now: now() });
}

function full(store: SessionStore): FullSessionStore {
  if (isFull(store)) return store;
  throw new Refusal(501, 'NO_VERSIONS', 'this store has no versions, so it can only be looked at');
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'INVALID', 'the body must be JSON');
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Refusal(413, 'TOO_LARGE', 'the session is too large');
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new Refusal(400, 'INVALID', 'the body must be a JSON object');
}
