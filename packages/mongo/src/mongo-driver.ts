import { setTimeout as pause } from 'node:timers/promises';
import { types } from 'node:util';
import {
  type Capabilities,
  type Driver,
  type DriverEntry,
  type DriverId,
  HISTORY_LENGTH,
  hashId,
  isRecord,
  JSON_TEXT,
  SessionError,
  type SessionRecord,
  type StoreOptions,
} from '@sessions/core';
import type {
  Collection,
  Document,
  Filter,
  MongoClient,
  ReadConcernLevel,
  ReadPreferenceMode,
  WriteConcernSettings,
} from 'mongodb';
import {
  AS_IT_IS,
  codeOf,
  collectionIn,
  connect,
  DUPLICATE_KEY,
  ensureIndex,
  explain,
  isOwn,
  type Meaning,
  OF_CHECK,
  OF_READ,
  OF_WRITE,
  type Own,
  type Place,
  send,
} from './client.ts';
import { foreignDocumentsIn } from './foreign-documents.ts';
import { endOf } from './id-range.ts';

export interface MongoOptions extends StoreOptions {
  /** The collection; `sessions` by default. */
  readonly collectionName?: string | undefined;
  /** The database; by default the one in the URL, or `test`. */
  readonly dbName?: string | undefined;
  /** Whether to create the index that lets the server remove what has expired; `true` by default. */
  readonly autoIndex?: boolean | undefined;
  /**
   * Acknowledges writes sooner than a majority has them on disk: `{ w: 1 }`, say. What was
   * acknowledged may be lost when a server is.
   */
  readonly riskLostWrites?: Pick<WriteConcernSettings, 'w' | 'j'> | undefined;
  /**
   * Reads from other servers than the primary, or what a majority does not have yet. `read` may
   * answer with an older session, or with one that is lost later; `update` stays exact.
   */
  readonly riskStaleReads?:
    | {
        readonly readPreference?: ReadPreferenceMode | undefined;
        readonly readConcern?: ReadConcernLevel | undefined;
      }
    | undefined;
}

/** The document of one session. */
interface Stored {
  readonly _id: string;
  /** The version of this layout. */
  readonly v: typeof VERSION;
  /** The session as JSON text: BSON would not take every key. */
  readonly data: string;
  /** The etag and those before it, newest first: one array, so that one `$push` adds to both. */
  readonly etags: readonly string[];
  /** When the server may remove it; `null` for never. */
  readonly expiresAt: Date | null;
}

const VERSION = 1;
const MIB = 1024 * 1024;

// A document and a command have 16 MiB. The id, the etags and what the client adds take less
// than this.
const MOST_DATA_BYTES = 16 * MIB - 16 * 1024;

// Matches every document that `decode` can read, so that a write without a condition passes over
// the others. A server cannot check more of the JSON than the braces around it.
const READABLE = {
  v: VERSION,
  data: { $type: 'string', $not: { $type: 'array' } },
  'etags.0': { $type: 'string' },
  expiresAt: { $not: { $type: 'array' } },
  $and: [
    { data: { $regex: '^[\\t\\n\\r ]*\\{' } },
    { data: { $regex: '\\}[\\t\\n\\r ]*+$' } }, // `+`: the server counts how often it goes back
    { $or: [{ expiresAt: { $type: 'date' } }, { expiresAt: null }] },
  ],
};

const BATCH = 100;
const ID_BATCH = 1000;
const PRUNE_BATCH = 1000;
const LATEST = 8.64e15; // of a Date
// The server forgets a cursor that nobody asked for ten minutes: CursorNotFound, CursorKilled.
const FORGOTTEN: ReadonlySet<number | undefined> = new Set([43, 237]);
const LONGEST_PAUSE = 100;

export class MongoDriver implements Driver {
  readonly capabilities: Capabilities;
  readonly #target: string | Own;
  readonly #place: Place;
  readonly #autoIndex: boolean;
  readonly #reading: Document;
  /** Sees what was acknowledged, however `get` reads. */
  readonly #checking: Document;
  readonly #writing: Document;
  #collection: Collection<Stored> | undefined;
  /** The client, if it is ours to close. */
  #client: MongoClient | undefined;

  constructor(target: string | Own, options: MongoOptions) {
    const {
      collectionName = 'sessions',
      dbName,
      autoIndex = true,
      riskLostWrites: { w = 'majority', j = true } = {},
      riskStaleReads = {},
    } = options;
    // What fewer acknowledge, a read of what a majority has would miss for a while.
    const level = w === 'majority' ? 'majority' : 'local';
    const { readPreference = 'primary', readConcern = level } = riskStaleReads;
    checkName('collectionName', collectionName);
    if (dbName !== undefined) checkName('dbName', dbName);
    if (w === 0) throw new RangeError('riskLostWrites.w must not be 0: then nothing is answered');
    if (typeof target === 'string') void connect(target, 1).close();
    else if (!isOwn(target)) {
      throw new TypeError('the first argument must be a URL, MongoClient, Db or Collection');
    }
    this.#target = target;
    this.#place = { collectionName, dbName };
    this.#autoIndex = autoIndex;
    this.#reading = { ...AS_IT_IS, readPreference, readConcern: { level: readConcern } };
    this.#checking = { ...AS_IT_IS, readPreference: 'primary', readConcern: { level } };
    this.#writing = { ...AS_IT_IS, writeConcern: { w, j } };
    const kept =
      w === 'majority' || (typeof w === 'number' && w > 1) ? 'replication' : 'power-loss';
    this.capabilities = { compareAndSet: 'cluster', survives: j ? kept : 'process-crash' };
  }

  async open(timeout: number, warn: (warning: Error) => void): Promise<void> {
    const client = typeof this.#target === 'string' ? connect(this.#target, timeout) : undefined;
    const collection = collectionIn(client ?? (this.#target as Own), this.#place);
    const probe = async () => {
      if (this.#autoIndex) await ensureIndex(collection);
      else await collection.findOne({ _id: { $eq: '' as never } }, this.#checking);
    };
    try {
      await probe().catch(async (error) => {
        // A client of the caller's that failed to connect does not try again by itself.
        if (error?.name !== 'MongoTopologyClosedError') throw error;
        await collection.db.client.connect();
        await probe();
      });
      await checkCollation(collection);
    } catch (error) {
      await client?.close().catch(() => {});
      throw error instanceof SessionError ? error : explain(error, 1, OF_READ);
    }
    const foreign = await foreignDocumentsIn(collection, { ...this.#checking, maxTimeMS: timeout });
    if (foreign) warn(new Error(foreign));
    if (this.#collection) {
      await client?.close(); // an earlier call took long, and came first after all
    } else {
      this.#collection = collection as unknown as Collection<Stored>;
      this.#client = client;
    }
  }

  async get(id: string, timeout: number): Promise<SessionRecord | null> {
    return this.#find(id, timeout, OF_READ, this.#reading);
  }

  async put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    timeout: number,
  ): Promise<boolean> {
    const data = record.session;
    if (Buffer.byteLength(data) > MOST_DATA_BYTES) {
      throw new SessionError('TOO_LARGE', 'the session is larger than a document can be');
    }
    const next: Omit<Stored, '_id'> = {
      v: VERSION,
      data,
      etags: [record.etag, ...record.history],
      expiresAt: record.expiresAt === null ? null : new Date(record.expiresAt),
    };
    const end = performance.now() + timeout;
    for (let attempt = 0; ; attempt++) {
      const left = end - performance.now();
      if (await this.#write(id, next, expected, left)) return true;
      const found = await this.#find(id, end - performance.now(), OF_CHECK, this.#checking);
      if (found && (found.etag === record.etag || found.history.includes(record.etag))) return true;
      if (found) checkText(found.session);
      if (expected !== undefined) return false;
      // Without a condition: somebody created or destroyed it in between.
      await pause(Math.random() * Math.min(LONGEST_PAUSE, 2 ** attempt));
    }
  }

  async delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    const { deletedCount } = await send(id, timeout, OF_WRITE, (_id, maxTimeMS) => {
      const filter = { _id: { $eq: _id }, ...(expected !== undefined && { 'etags.0': expected }) };
      return this.#sessions.deleteOne(filter as Filter<Stored>, { ...this.#writing, maxTimeMS });
    });
    return deletedCount > 0 || expected === undefined;
  }

  async *entries(prefix: string): AsyncGenerator<DriverEntry> {
    const documents = this.#documents(prefix, { batchSize: BATCH });
    for await (const document of documents) yield entryOf(document);
  }

  /** Of corrupt documents, too, as long as they are of this layout. */
  async *ids(prefix: string): AsyncGenerator<DriverId | null> {
    const options = { batchSize: ID_BATCH, projection: { v: 1, expiresAt: 1 } };
    for await (const { _id, v, expiresAt } of this.#documents(prefix, options)) {
      yield v === VERSION ? [_id, types.isDate(expiresAt) ? expiresAt.getTime() : null] : null;
    }
  }

  async prune(now: number, timeout: number): Promise<number> {
    const isDue = { $lte: new Date(Math.min(now, LATEST)) };
    const find = {
      ...this.#checking,
      projection: { _id: 1 },
      limit: PRUNE_BATCH,
      batchSize: PRUNE_BATCH + 1, // one more than that, and the server lets go of the cursor
      maxTimeMS: timeout,
    };
    const filter = { _id: { $type: 'string' }, expiresAt: isDue } as const;
    const options = { ...this.#writing, maxTimeMS: timeout };
    let meaning = OF_READ;
    try {
      for (;;) {
        meaning = OF_READ;
        const due = await this.#sessions.find(filter, find).toArray();
        if (due.length === 0) return 0;
        const remove = { _id: { $in: due.map(({ _id }) => _id) }, expiresAt: isDue } as const;
        meaning = OF_WRITE;
        const { deletedCount } = await this.#sessions.deleteMany(remove, options);
        if (deletedCount > 0) return deletedCount; // or another process was faster
      }
    } catch (error) {
      throw explain(error, 1, meaning);
    }
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  get #sessions(): Collection<Stored> {
    return this.#collection as Collection<Stored>; // opened before anything else is called
  }

  /** By id and in its order, so that it can go on where a forgotten cursor was. */
  async *#documents(prefix: string, options: Document): AsyncGenerator<Stored> {
    const find = { ...this.#reading, sort: { _id: 1 }, ...options } as const;
    const end = endOf(prefix);
    let last = '';
    for (;;) {
      const range = { $gte: prefix, $gt: last, ...(end !== undefined && { $lt: end }) };
      const cursor = this.#sessions.find({ _id: range }, find);
      try {
        for (;;) {
          const document = await cursor.next();
          if (document === null) return;
          last = document._id;
          yield document;
        }
      } catch (error) {
        if (!FORGOTTEN.has(codeOf(error))) throw explain(error, 1, OF_READ);
      } finally {
        cursor.close().catch(() => {}); // the answer of a server that hangs is not worth waiting for
      }
    }
  }

  async #find(
    id: string,
    ms: number,
    meaning: Meaning,
    options: Document,
  ): Promise<SessionRecord | null> {
    const document = await send(id, ms, meaning, (_id, maxTimeMS) =>
      this.#sessions.findOne({ _id: { $eq: _id } }, { ...options, maxTimeMS }),
    );
    if (document === null) return null;
    if (document._id !== id) {
      throw new SessionError('UNAVAILABLE', COLLATION, { outcome: meaning.sent });
    }
    return decode(document);
  }

  /** Writes with one command, unless something else is there than what is expected. */
  async #write(
    id: string,
    next: Omit<Stored, '_id'>,
    expected: string | null | undefined,
    ms: number,
  ): Promise<boolean> {
    const [etag] = next.etags;
    const { etags, ...rest } = next;
    const push = { $each: [etag], $position: 0, $slice: HISTORY_LENGTH + 1 };
    const unexpected = { ...READABLE, etags: { $type: 'array', $ne: etag } };
    try {
      return await send(id, ms, OF_WRITE, async (_id, maxTimeMS) => {
        const options = { ...this.#writing, maxTimeMS };
        if (expected === null) {
          await this.#sessions.insertOne({ _id, ...next }, options);
          return true;
        }
        if (expected === undefined) {
          const filter = { ...unexpected, _id: { $eq: _id } } as Filter<Stored>;
          const update = { $set: rest, $push: { etags: push } };
          await this.#sessions.updateOne(filter, update as object, { ...options, upsert: true });
          return true;
        }
        const filter = { ...unexpected, _id: { $eq: _id }, 'etags.0': expected };
        const update = { $set: next };
        const result = await this.#sessions.updateOne(filter as object, update, options);
        return result.matchedCount > 0;
      });
    } catch (error) {
      if (codeOf((error as SessionError).cause) === DUPLICATE_KEY) return false;
      throw error;
    }
  }
}

const COLLATION = 'the collection has a collation, which may take different ids for the same';

async function checkCollation(collection: Collection): Promise<void> {
  // There may be no collection yet, or no right to look.
  const { collation } = (await collection.options().catch(() => ({}))) as Document;
  if (collation) throw new SessionError('UNAVAILABLE', COLLATION);
}

function entryOf(document: Stored): DriverEntry {
  try {
    return [document._id, decode(document)];
  } catch (error) {
    (error as SessionError).idHash = hashId(document._id);
    return error as SessionError;
  }
}

function decode({ v, data, etags, expiresAt }: Stored): SessionRecord {
  const [etag, ...history] = Array.isArray(etags) ? etags : [];
  if (v !== VERSION || typeof data !== 'string' || typeof etag !== 'string') throw corrupt();
  if (!history.every((each) => typeof each === 'string')) throw corrupt();
  const record = { session: data, expiresAt: momentIn(expiresAt), etag, history };
  if (!isRecord(record)) throw corrupt();
  return record;
}

/** The filter of a write passes over more than the store can read. */
function checkText(data: string): void {
  try {
    JSON_TEXT.decode(data);
  } catch {
    throw corrupt();
  }
}

function momentIn(expiresAt: unknown): number | null {
  if (expiresAt === null || expiresAt === undefined) return null;
  const moment = types.isDate(expiresAt) ? expiresAt.getTime() : Number.NaN;
  if (Number.isNaN(moment)) throw corrupt();
  return moment;
}

function corrupt(): SessionError {
  return new SessionError('CORRUPT', 'the document is not one that a store wrote');
}

function checkName(option: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') throw new TypeError(`${option} must be a name`);
}
