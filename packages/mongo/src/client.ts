import { type Outcome, SessionError } from '@sessions/core';
import {
  type Collection,
  type CreateIndexesOptions,
  type Db,
  type Document,
  MongoClient,
  type WriteConcernSettings,
} from 'mongodb';

/** The caller's own client, database or collection. */
// biome-ignore lint/suspicious/noExplicitAny: documents of any type, here nothing is read from it
export type Own = MongoClient | Db | Collection<any>;

/** Where the sessions are. */
export interface Place {
  readonly dbName: string | undefined;
  readonly collectionName: string;
}

// How much of the time for a call may pass before its command is on the wire. What remains is
// for saying that it never was.
const SHARE_FOR_SENDING = 0.9;

/** A client of our own, which gives up in time. What the URL says about time does not count. */
export function connect(url: string, timeout: number): MongoClient {
  const whole = Math.max(1, Math.ceil(timeout));
  const early = Math.max(1, Math.floor(timeout * SHARE_FOR_SENDING));
  try {
    return new MongoClient(url, {
      serverSelectionTimeoutMS: early,
      waitQueueTimeoutMS: early,
      connectTimeoutMS: whole,
      socketTimeoutMS: whole,
    });
  } catch (error) {
    // Without the cause: it may hold the URL, and the URL a password.
    throw new TypeError(`the URL of the MongoDB server does not work: ${(error as Error).message}`);
  }
}

/** The collection in a client, database or collection, recognised by its methods. */
export function collectionIn(own: Own, { dbName, collectionName }: Place): Collection {
  if (has(own, 'findOne')) return own as Collection;
  if (has(own, 'collection')) return (own as Db).collection(collectionName);
  return (own as MongoClient).db(dbName).collection(collectionName);
}

export function isOwn(value: unknown): value is Own {
  return has(value, 'findOne') || has(value, 'collection') || has(value, 'db');
}

function has(value: unknown, method: string): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[method] === 'function'
  );
}

/**
 * An id on its way to the server. The client asks for its BSON form when it puts the command on
 * the wire, after it has found a server and a connection: so this knows whether a command was
 * sent, and keeps one from being sent when nobody waits for it any more.
 */
class Sending {
  count = 0;
  readonly #id: string;
  readonly #deadline: number;
  #late = false;

  constructor(id: string, ms: number) {
    this.#id = id;
    this.#deadline = performance.now() + ms;
  }

  toBSON(): string {
    if (this.#late || performance.now() >= this.#deadline) {
      throw new Error('the time was up before the command could be sent');
    }
    this.count++;
    return this.#id;
  }

  /** Keeps it from being sent, unless it was. */
  giveUp(): boolean {
    this.#late = this.count === 0;
    return this.#late;
  }
}

/** What a failure means for a command that was sent, and for one that was not. */
export interface Meaning {
  readonly sent: Outcome;
  readonly unsent: Outcome;
}

export const OF_READ: Meaning = { sent: 'not-applied', unsent: 'not-applied' };
export const OF_WRITE: Meaning = { sent: 'unknown', unsent: 'not-applied' };
/** Of a read that tells what became of a write. */
export const OF_CHECK: Meaning = { sent: 'unknown', unsent: 'unknown' };

/** Sends one command about a session, within `ms`. */
export async function send<T>(
  id: string,
  ms: number,
  meaning: Meaning,
  command: (id: string, maxTimeMS: number) => Promise<T>,
): Promise<T> {
  const sending = new Sending(id, ms);
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<never>((_, reject) => {
    const giveUp = () => {
      if (sending.giveUp()) reject(new Error('no connection to the server in time'));
    };
    timer = setTimeout(giveUp, ms * SHARE_FOR_SENDING);
  });
  // To the client a value with `toBSON` is as good as what that returns.
  const answer = command(sending as unknown as string, Math.max(1, Math.floor(ms)));
  try {
    return await Promise.race([answer, stuck]);
  } catch (error) {
    throw explain(error, sending.count, meaning);
  } finally {
    clearTimeout(timer);
  }
}

/** The code of the answer of a server that refused, if this is one. */
export function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

export const DUPLICATE_KEY = 11000;
const MAX_TIME_EXPIRED = 50;
// The second: of the client's own look after the server, which took too long.
const TIMEOUTS = ['MongoNetworkTimeoutError', 'PoolClearedOnNetworkError'];

// With these a server says that it did not even try: BadValue, FailedToParse, Unauthorized,
// AuthenticationFailed, IllegalOperation, NamespaceNotFound, CommandNotFound, ShardKeyNotFound,
// InvalidOptions, InvalidNamespace, CommandNotSupported, DocumentValidationFailure, NotImplemented,
// AtlasError, BSONObjectTooLarge, NotWritablePrimary, OutOfDiskSpace.
const REFUSALS: ReadonlySet<number | undefined> = new Set([
  2, 9, 13, 18, 20, 26, 59, 61, 72, 73, 115, 121, 238, 8000, 10_334, 10_107, 14_031,
]);

/**
 * Whether the server refused the command itself. After a lost answer the client tries again, and
 * may throw what it met on the way: a code from there says nothing about the first command.
 */
function isRefusal(error: unknown): boolean {
  const { name, errorLabels } = error as { name?: unknown; errorLabels?: unknown };
  const isOfHandshake = Array.isArray(errorLabels) && errorLabels.includes('HandshakeError');
  return name === 'MongoServerError' && !isOfHandshake && REFUSALS.has(codeOf(error));
}

/** What a failed command means: how often it was sent tells whether it may have been applied. */
export function explain(error: unknown, sent: number, meaning: Meaning): SessionError {
  const cause = redacted(error);
  if (sent === 0) {
    const outcome = meaning.unsent;
    return new SessionError('UNAVAILABLE', 'the command could not be sent', { outcome, cause });
  }
  const code = codeOf(error);
  if (code === MAX_TIME_EXPIRED || TIMEOUTS.includes(cause.name)) {
    return new SessionError('TIMEOUT', 'the server took too long', {
      outcome: meaning.sent,
      cause,
    });
  }
  const outcome = sent === 1 && isRefusal(error) ? meaning.unsent : meaning.sent;
  return new SessionError('UNAVAILABLE', 'the command failed', { outcome, cause });
}

/** The error without what the server said in words: that can quote ids and sessions. */
export function redacted(error: unknown): Error {
  const { name, message, codeName } = error as Error & { codeName?: unknown };
  const code = codeOf(error);
  const words =
    code === undefined && !name.startsWith('BSON')
      ? message
      : `the server answered ${code}${typeof codeName === 'string' ? ` ${codeName}` : ''}`;
  const cause: Error & { code?: number } = new Error(words);
  cause.name = name;
  if (code !== undefined) cause.code = code;
  return cause;
}

/** For what is read: whatever the caller's client does by default. */
export const AS_IT_IS = {
  raw: false,
  promoteValues: true,
  promoteLongs: true,
  useBigInt64: false,
  ignoreUndefined: false,
} as const;

const INDEX = { expiresAt: 1 } as const;
const SWEPT: CreateIndexesOptions & { writeConcern: WriteConcernSettings } = {
  expireAfterSeconds: 0,
  writeConcern: { w: 'majority' },
};

/** Sees that the server removes documents once `expiresAt` has come. */
export async function ensureIndex(collection: Collection): Promise<void> {
  try {
    await collection.createIndex(INDEX, SWEPT);
  } catch (error) {
    if (codeOf(error) === undefined) throw error; // no answer
    const there = await indexOf(collection).catch(() => undefined);
    if (there && isFit(there)) return;
    if (there && (await isMended(collection, there))) return;
    throw new SessionError('UNAVAILABLE', advice(collection, there), { cause: redacted(error) });
  }
}

/** The index on `expiresAt`, whatever its options; one for all documents if there is one. */
async function indexOf(collection: Collection): Promise<Document | undefined> {
  const indexes: Document[] = await collection.indexes(AS_IT_IS);
  const ours = indexes.filter(({ key }) => JSON.stringify(key) === JSON.stringify(INDEX));
  return ours.find((index) => !index.partialFilterExpression) ?? ours[0];
}

function isFit(index: Document): boolean {
  return index.expireAfterSeconds === 0 && !index.partialFilterExpression;
}

/** Lets the server change how long after `expiresAt` it waits, if that is all that is wrong. */
async function isMended(collection: Collection, index: Document): Promise<boolean> {
  if (index.partialFilterExpression) return false;
  try {
    await collection.db.command({
      collMod: collection.collectionName,
      index: { name: index.name, expireAfterSeconds: 0 },
    });
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return false;
  }
}

function advice({ collectionName }: Collection, there: Document | undefined): string {
  const sessions = `db.getCollection(${JSON.stringify(collectionName)})`;
  const create = `${sessions}.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 })`;
  const otherwise = 'or set autoIndex to false and call prune() now and then';
  return there
    ? `there is an index on expiresAt with other options; run ${sessions}.dropIndex(${JSON.stringify(there.name)}) and ${create}, ${otherwise}`
    : `the index on expiresAt could not be created; have somebody who may run ${create}, ${otherwise}`;
}
