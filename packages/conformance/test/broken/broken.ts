import {
  type Capabilities,
  type Driver,
  DriverStore,
  type FullSessionStore,
  isSessionError,
  type Session,
  type SessionError,
  type SessionStore,
  type StoreOptions,
} from '@sessions/core';
import type { Backend } from '../../src/index.ts';
import { folderBackend, HOST } from '../fixtures/folder-backend.ts';
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

/** In a folder, which other processes open by this module. */
export function brokenFolderDriver(
  how: string,
  promises: readonly string[],
  ...backend: Parameters<typeof folderBackend>
): Broken {
  return { how, promises, capabilities: HOST, backend: () => folderBackend(...backend) };
}

export function brokenDriver(
  how: string,
  promises: readonly string[],
  Driver: new (server: Server) => Driver,
  away: Away = 'down',
): Broken {
  return brokenStore(how, promises, BreakableStore, Driver, away);
}

export type Change = (session: Session | null) => Session | null | Promise<Session | null>;
export type Entries = AsyncGenerator<[id: string, session: Session], void>;
export type Expected = string | null | undefined;

/** Answers like a store, whatever the error was. */
export async function swallow<T>(
  call: Promise<T>,
  code: SessionError['code'],
  answer: T,
): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (isSessionError(error, code)) return answer;
    throw error;
  }
}
