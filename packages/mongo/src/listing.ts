import { types } from 'node:util';
import { type DriverEntry, type DriverId, hashId, type SessionError } from '@sessions/core';
import type { Collection, Document } from 'mongodb';
import { recordIn, type Stored, VERSION } from './document.ts';
import { codeOf, explain } from './failure.ts';
import { endOf } from './id-range.ts';

const BATCH = 100;
const ID_BATCH = 1000;
const PRUNE_BATCH = 1000;
const LATEST = 8.64e15; // of a Date
// The server forgets a cursor that nobody asked for ten minutes: CursorNotFound, CursorKilled.
const FORGOTTEN: ReadonlySet<number | undefined> = new Set([43, 237]);

export async function* entriesIn(
  sessions: Collection<Stored>,
  prefix: string,
): AsyncGenerator<DriverEntry> {
  const options = { batchSize: BATCH };
  for await (const document of documentsIn(sessions, prefix, options)) yield entryOf(document);
}

/** Of corrupt documents, too, as long as they are of this layout. */
export async function* idsIn(
  sessions: Collection<Stored>,
  prefix: string,
): AsyncGenerator<DriverId | null> {
  const options = { batchSize: ID_BATCH, projection: { v: 1, expiresAt: 1 } };
  for await (const { _id, v, expiresAt } of documentsIn(sessions, prefix, options)) {
    yield v === VERSION ? [_id, types.isDate(expiresAt) ? expiresAt.getTime() : null] : null;
  }
}

/** Removes some of what has expired, and answers how many. */
export async function pruneIn(
  sessions: Collection<Stored>,
  now: number,
  timeout: number,
): Promise<number> {
  const expiresAt = { $lte: new Date(Math.min(now, LATEST)) };
  const find = {
    projection: { _id: 1 },
    limit: PRUNE_BATCH,
    batchSize: PRUNE_BATCH + 1, // one more than that, and the server lets go of the cursor
    maxTimeMS: timeout,
  };
  let outcome: 'not-applied' | 'unknown' = 'not-applied';
  try {
    for (;;) {
      outcome = 'not-applied';
      const due = await sessions.find({ _id: { $type: 'string' }, expiresAt }, find).toArray();
      if (due.length === 0) return 0;
      const ids = due.map(({ _id }) => _id);
      outcome = 'unknown';
      const { deletedCount } = await sessions.deleteMany(
        { _id: { $in: ids }, expiresAt },
        { maxTimeMS: timeout },
      );
      if (deletedCount > 0) return deletedCount; // or another process was faster
    }
  } catch (error) {
    throw explain(error, outcome);
  }
}

/** By id and in its order, so that it can go on where a forgotten cursor was. */
async function* documentsIn(
  sessions: Collection<Stored>,
  prefix: string,
  options: Document,
): AsyncGenerator<Stored> {
  const end = endOf(prefix);
  let last = '';
  for (;;) {
    const range = { $gte: prefix, $gt: last, ...(end !== undefined && { $lt: end }) };
    const cursor = sessions.find({ _id: range }, { ...options, sort: { _id: 1 } });
    try {
      for (;;) {
        const document = await cursor.next();
        if (document === null) return;
        last = document._id;
        yield document;
      }
    } catch (error) {
      if (!FORGOTTEN.has(codeOf(error))) throw explain(error, 'not-applied');
    } finally {
      cursor.close().catch(() => {}); // the answer of a server that hangs is not worth waiting for
    }
  }
}

function entryOf(document: Stored): DriverEntry {
  try {
    const record = recordIn(document);
    return record && [document._id, record];
  } catch (error) {
    (error as SessionError).idHash = hashId(document._id);
    return error as SessionError;
  }
}
