import {
  type Capabilities,
  type Driver,
  DriverStore,
  type FullSessionStore,
  type SessionStore,
  type StoreOptions,
} from '@sessions/core';
import type { Backend } from '../../src/index.ts';
import type { MapStore } from '../fixtures/map-store.ts';
import { type Away, type Server, ServerDriver } from '../fixtures/server.ts';
import { CLUSTER, serverBackend } from '../fixtures/trials.ts';

class ServerStore extends DriverStore {
  constructor(driver: Driver, options: StoreOptions, _server?: Server) {
    super(driver, options);
  }
}

/** The store to break: overriding one of its methods takes no type parameters. */
export const BreakableStore = ServerStore as unknown as new (
  driver: Driver,
  options: StoreOptions,
  server?: Server,
) => FullSessionStore;

/** A subject that breaks promises, and which ones. */
export interface Broken {
  readonly how: string;
  readonly promises: readonly string[];
  readonly capabilities?: Capabilities | undefined;
  backend(): Backend;
}

export function brokenMapStore(
  how: string,
  promises: readonly string[],
  Store: new () => MapStore,
): Broken {
  return { how, promises, backend: () => ({ open: () => new Store() }) };
}

export function brokenStore(
  how: string,
  promises: readonly string[],
  Store: new (driver: Driver, options: StoreOptions, server: Server) => object,
  Driver: new (server: Server) => Driver = ServerDriver,
  away: Away = 'down',
): Broken {
  return {
    how,
    promises,
    capabilities: CLUSTER,
    backend: () =>
      serverBackend(
        (server) => new Driver(server),
        (driver, options, server) => new Store(driver, options, server) as SessionStore,
        away,
      ),
  };
}

export function brokenDriver(
  how: string,
  promises: readonly string[],
  Driver: new (server: Server) => Driver,
  away: Away = 'down',
): Broken {
  return brokenStore(how, promises, BreakableStore, Driver, away);
}
