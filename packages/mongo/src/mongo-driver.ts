import { setTimeout as pause } from 'node:timers/promises';
import {
  type Capabilities,
  type Driver,
  type DriverEntry,
  type DriverId,
  HISTORY_LENGTH,
  KeyedMutex,
  SessionError,
  type SessionRecord,
} from '@sessions/core';
import type { Collection, MongoClient } from 'mongodb';
import { Call } from './call.ts';
import { checkCollation, collectionIn, connect, isOwn, type Own } from './collection.ts';
import type { Stored } from './document.ts';
import { explain } from './failure.ts';
import { foreignDocumentsIn } from './foreign-documents.ts';
import { entriesIn, idsIn, pruneIn } from './listing.ts';
import { type MongoOptions, type Settings, settingsOf } from './options.ts';
import { endStuckCommands } from './stuck-commands.ts';
import { ensureIndex } from './ttl-index.ts';
import { Versions } from './versions.ts';

const MIB = 1024 * 1024;

// A document and a command have 16 MiB. The id, the etags and what the client adds take less
// than this.
const MOST_DATA_BYTES = 16 * MIB - 16 * 1024;

const LONGEST_PAUSE = 100;

interface Opened {
  readonly documents: Collection<Stored>;
  /** The same, as sessions are read. */
  readonly asRead: Collection<Stored>;
  readonly versions: Versions;
}

export class MongoDriver implements Driver {
  readonly capabilities: Capabilities;
  readonly #target: string | Own;
  readonly #settings: Settings;
  /** Those that expect nothing: one after another, in the order of the calls. */
  readonly #line = new KeyedMutex();
  #opened: Opened | undefined;
  /** The client, if it is ours to close. */
  #client: MongoClient | undefined;

  constructor(target: string | Own, options: MongoOptions) {
    this.#settings = settingsOf(options);
    this.capabilities = this.#settings.capabilities;
    if (typeof target === 'string') void connect(target, 1).close();
    else if (!isOwn(target)) {
      throw new TypeError('the first argument must be a URL, MongoClient, Db or Collection');
    }
    this.#target = target;
  }

  async open(timeout: number, warn: (warning: Error) => void): Promise<void> {
    const { place, autoIndex, changing, reading } = this.#settings;
    const client = typeof this.#target === 'string' ? connect(this.#target, timeout) : undefined;
    const given = collectionIn(client ?? (this.#target as Own), place);
    const collection = given.db.collection(given.collectionName, changing);
    endStuckCommands(collection);
    const probe = async () => {
      if (autoIndex) await ensureIndex(collection);
      else await collection.findOne({ _id: '' as never });
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
      throw error instanceof SessionError ? error : explain(error, 'not-applied');
    }
    const foreign = await foreignDocumentsIn(collection, timeout);
    if (foreign) warn(new Error(foreign));
    if (this.#opened) {
      await client?.close(); // an earlier call took long, and came first after all
    } else {
      const documents = collection as unknown as Collection<Stored>;
      const asRead = given.db.collection<Stored>(given.collectionName, reading);
      this.#opened = { documents, asRead, versions: new Versions(documents, asRead) };
      this.#client = client;
    }
  }

  get(id: string, timeout: number): Promise<SessionRecord | null> {
    return new Call(id, performance.now() + timeout).run((call) => this.#open.versions.get(call));
  }

  put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
    timeout: number,
  ): Promise<boolean> {
    const { length } = record.session;
    if (length * 3 > MOST_DATA_BYTES && Buffer.byteLength(record.session) > MOST_DATA_BYTES) {
      throw new SessionError('TOO_LARGE', 'the session is larger than a document can be');
    }
    const call = new Call(id, performance.now() + timeout);
    return expected === undefined
      ? this.#line.run(id, () => call.run(() => this.#place(call, record, true)))
      : call.run(() => this.#put(call, record, expected));
  }

  delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    const call = new Call(id, performance.now() + timeout);
    return expected === undefined
      ? this.#line.run(id, () => call.run(() => this.#destroy(call)))
      : call.run(() => this.#open.versions.remove(call, { 'etags.0': expected }));
  }

  entries(prefix: string): AsyncGenerator<DriverEntry> {
    return entriesIn(this.#open.asRead, prefix);
  }

  ids(prefix: string): AsyncGenerator<DriverId | null> {
    return idsIn(this.#open.asRead, prefix);
  }

  prune(now: number, timeout: number): Promise<number> {
    return pruneIn(this.#open.documents, now, timeout);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  get #open(): Opened {
    return this.#opened as Opened; // before anything else is called
  }

  async #put(call: Call, record: SessionRecord, expected: string | null): Promise<boolean> {
    if (expected === null) return this.#place(call, record, false);
    if (await this.#open.versions.replace(call, expected, record, record.history)) return true;
    const found = await this.#open.versions.look(call);
    return found?.etags.includes(record.etag) ?? false;
  }

  /** Puts the record where no session is, or in place of any. */
  async #place(call: Call, record: SessionRecord, ofAny: boolean): Promise<boolean> {
    const versions = this.#open.versions;
    let found = versions.recall(call);
    // A session that was there may have gone. To replace it then is no harm, to refuse would be.
    if (!ofAny && !found?.isReserved) found = null;
    if (found === undefined) found = await versions.look(call);
    for (let attempt = 0; ; attempt++) {
      if (found && !found.isReserved) {
        if (found.etags.includes(record.etag)) return true;
        if (!ofAny) return false;
      }
      found ??= await versions.reserve(call);
      if (found) {
        const [etag] = found.etags;
        const history = found.isReserved ? record.history : found.etags.slice(0, HISTORY_LENGTH);
        if (await versions.replace(call, etag, record, history)) return true;
      }
      await backOff(attempt);
      found = await versions.look(call);
    }
  }

  /** Removes whatever is there, corrupt or not. */
  async #destroy(call: Call): Promise<boolean> {
    const versions = this.#open.versions;
    let etags: unknown = versions.recall(call)?.etags;
    for (let attempt = 0; ; attempt++) {
      if (etags === undefined) {
        const found = await versions.find(call);
        if (!found) return true;
        etags = found.etags ?? null;
      }
      if (await versions.remove(call, { etags: { $eq: etags } })) return true;
      etags = undefined;
      await backOff(attempt);
    }
  }
}

/** Waits a random moment, longer each time, so that those in conflict come apart. */
async function backOff(attempt: number): Promise<void> {
  // What was known of others' sessions is often old: the first time there may be nobody else.
  if (attempt > 0) await pause(Math.random() * Math.min(LONGEST_PAUSE, 2 ** attempt));
}
