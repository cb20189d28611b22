// Checked by the compiler alone: `tsc -p test`.
import type { MiddlewareHandler, Storage } from '@microsoft/agents-hosting';
import { App } from '@microsoft/teams.apps';
import type { IStorage } from '@microsoft/teams.common';
import type { FullSessionStore, SessionStore } from '@sessions/core';
import { expectTypeOf } from 'expect-type';
import { StoreStorage, TeamsStorage } from '../src/index.ts';

export function interfaces(store: FullSessionStore, five: SessionStore): void {
  const storage = new StoreStorage(store);
  expectTypeOf(storage).toExtend<Storage>();
  const options = { wait: 60_000, ttl: 10_000, leases: store, getKey: () => 'a' };
  expectTypeOf(storage.exclusive(options)).toEqualTypeOf<MiddlewareHandler>();
  // @ts-expect-error: it needs update
  new StoreStorage(five);
  expectTypeOf(new TeamsStorage<number>(store)).toExtend<IStorage<string, number>>();
  expectTypeOf(new TeamsStorage(store)).toExtend<IStorage<string>>();
}

export function teams(store: FullSessionStore): void {
  const any = new TeamsStorage(store);
  const app = new App({ state: { storage: any }, storage: any });
  const storage = new TeamsStorage<string>(store);
  expectTypeOf(storage).toExtend<IStorage<string, string>>();
  storage.exclusive(app, { wait: 60_000 });
  // @ts-expect-error: no such option
  storage.exclusive(app, { waits: 1 });
}
