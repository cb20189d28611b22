import { DriverStore, type Session } from '@sessions/core';
import type { Collection, Db, MongoClient } from 'mongodb';
import { MongoDriver } from './mongo-driver.ts';
import type { MongoOptions } from './options.ts';

export { isSessionError, KEEP, SessionError, type SessionErrorCode } from '@sessions/core';
export type { MongoOptions };

const OWN = ['collectionName', 'dbName', 'autoIndex', 'riskLostWrites', 'riskStaleReads'];

/** Sessions in MongoDB, one document each: on one server, a replica set or a sharded cluster. */
export class MongoSessionStore<S extends Session = Session> extends DriverStore<S> {
  /**
   * `url` is a URL, or a client, database or collection of your own, which `close` leaves open.
   * `options` is an object. `expiresIn` is a lifetime in minutes. Either may take the other's place.
   */
  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: documents of any type, here nothing is read from it
    url: string | MongoClient | Db | Collection<any> = 'mongodb://127.0.0.1:27017',
    options: number | MongoOptions = {},
    expiresIn?: number | MongoOptions,
  ) {
    const all = { ...asOptions(options), ...asOptions(expiresIn) };
    super(new MongoDriver(url, all), all, OWN);
  }
}

function asOptions(options: number | MongoOptions | undefined): MongoOptions | undefined {
  if (options === undefined || (typeof options === 'object' && options !== null)) return options;
  return { expiresIn: options };
}
