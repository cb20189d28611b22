import type { Capabilities, StoreOptions } from '@sessions/core';
import type {
  CollectionOptions,
  ReadConcernLevel,
  ReadPreferenceMode,
  WriteConcernSettings,
} from 'mongodb';
import type { Place } from './collection.ts';

export interface MongoOptions extends StoreOptions {
  /** The collection; `sessions` by default. */
  readonly collectionName?: string | undefined;
  /** The database; by default the one in the URL, or `test`. */
  readonly dbName?: string | undefined;
  /** Whether `init` creates the index by which the server removes what has expired; `true` by default. */
  readonly autoIndex?: boolean | undefined;
  /**
   * Lets a write succeed before a majority has it on disk, for example with `{ w: 1 }`. Such a write
   * may be lost when a server is lost.
   */
  readonly riskLostWrites?: Pick<WriteConcernSettings, 'w' | 'j'> | undefined;
  /**
   * Lets `read` ask other servers than the primary, or see what a majority does not have yet. `read`
   * may then give an older session, or one that is lost later. `update` stays exact.
   */
  readonly riskStaleReads?:
    | {
        readonly readPreference?: ReadPreferenceMode | undefined;
        readonly readConcern?: ReadConcernLevel | undefined;
      }
    | undefined;
}

/** What the options come to. */
export interface Settings {
  readonly capabilities: Capabilities;
  readonly place: Place;
  readonly autoIndex: boolean;
  /** How `read` and lists read. */
  readonly reading: CollectionOptions;
  /** How all else is done: sees what was acknowledged. */
  readonly changing: CollectionOptions;
}

/** For what is read: whatever the caller's client does by default. */
const AS_IT_IS = {
  raw: false,
  promoteValues: true,
  promoteLongs: true,
  useBigInt64: false,
  ignoreUndefined: false,
} as const;

export function settingsOf(options: MongoOptions): Settings {
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
  const kept = w === 'majority' || (typeof w === 'number' && w > 1) ? 'replication' : 'power-loss';
  return {
    capabilities: { compareAndSet: 'cluster', survives: j ? kept : 'process-crash' },
    place: { collectionName, dbName },
    autoIndex,
    reading: { ...AS_IT_IS, readPreference, readConcern: { level: readConcern } },
    changing: {
      ...AS_IT_IS,
      readPreference: 'primary',
      readConcern: { level },
      writeConcern: { w, j },
    },
  };
}

function checkName(option: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') throw new TypeError(`${option} must be a name`);
}
