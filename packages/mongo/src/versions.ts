import { SessionError, type SessionRecord } from '@sessions/core';
import type { Collection, Document, Filter } from 'mongodb';
import type { Call } from './call.ts';
import { COLLATION } from './collection.ts';
import { checkText, fieldsOf, recordIn, reservation, type Stored } from './document.ts';
import { isDuplicate } from './failure.ts';
import { Known, type Version } from './known.ts';

const MOST_KNOWN = 10_000;

// Only what comes next makes it good, and waits for a majority to have both.
const RESERVING = { writeConcern: { w: 1 } } as const;

/**
 * Reads documents, and changes them by versions: every command that changes one names what it was
 * made for. So one that comes late, or twice, changes nothing.
 */
export class Versions {
  readonly #documents: Collection<Stored>;
  readonly #reading: Collection<Stored>;
  readonly #known = new Known(MOST_KNOWN);

  /** `reading` is the same collection, as `get` reads it. */
  constructor(documents: Collection<Stored>, reading: Collection<Stored>) {
    this.#documents = documents;
    this.#reading = reading;
  }

  async get(call: Call): Promise<SessionRecord | null> {
    return this.#learn(call.id, await this.find(call, this.#reading)).record;
  }

  /** What is there. Throws `CORRUPT` for what must not be replaced. */
  async look(call: Call): Promise<Version | null> {
    const { record, version } = this.#learn(call.id, await this.find(call));
    if (record) checkText(record);
    return version;
  }

  /** What was there when this process had to do with it last; `undefined` if that is forgotten. */
  recall({ id }: Call): Version | null | undefined {
    return this.#known.get(id);
  }

  /** Whatever is there, corrupt or not. */
  async find(call: Call, documents: Collection<Stored> = this.#documents): Promise<Stored | null> {
    const document = await call.send((_id) => documents.findOne({ _id }));
    if (document && document._id !== call.id) throw new SessionError('UNAVAILABLE', COLLATION);
    return document;
  }

  /**
   * Keeps the place of a session that is about to be created; `null` where something is. A command that
   * creates one could come late, and bring back what others have destroyed since. This one is
   * seen by nobody, and that which replaces it names it.
   */
  async reserve(call: Call): Promise<Version | null> {
    const fields = reservation();
    try {
      await call.write((_id) => this.#documents.insertOne({ _id, ...fields }, RESERVING));
      return { etags: fields.etags, isReserved: true };
    } catch (error) {
      if (isDuplicate(error)) return null;
      throw error;
    }
  }

  /** Puts the record in place of the version with that etag, if it is there. */
  async replace(
    call: Call,
    expected: string | undefined,
    record: SessionRecord,
    history: readonly string[],
  ): Promise<boolean> {
    const fields = fieldsOf(record, history);
    const { matchedCount } = await call.write((_id) => {
      const filter = { _id, 'etags.0': expected } as Filter<Stored>;
      return this.#documents.updateOne(filter, { $set: fields });
    });
    if (matchedCount === 0) return false;
    this.#known.set(call.id, { etags: fields.etags, isReserved: false });
    return true;
  }

  /** Removes what is there if it is like that. */
  async remove(call: Call, condition: Document): Promise<boolean> {
    const { deletedCount } = await call.write((_id) =>
      this.#documents.deleteOne({ _id, ...condition } as Filter<Stored>),
    );
    if (deletedCount === 0) return false;
    this.#known.set(call.id, null);
    return true;
  }

  #learn(id: string, document: Stored | null) {
    this.#known.forget(id); // in case it is corrupt
    const record = document && recordIn(document);
    const version = document && { etags: document.etags, isReserved: record === null };
    this.#known.set(id, version);
    return { record, version };
  }
}
