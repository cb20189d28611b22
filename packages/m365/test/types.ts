// Checked by the compiler alone: `tsc -p test`.
import type { MiddlewareHandler, Storage } from '@microsoft/agents-hosting';
import type { IStorage } from '@microsoft/teams.common';
import type { FullSessionStore, SessionStore } from '@sessions/core';
import { expectTypeOf } from 'expect-type';
import { StoreStorage, TeamsStorage } from '../src/index.ts';

export function interfaces(store: FullSessionStore, five: SessionStore): void {
  const storage = new StoreStorage(store);
  expectTypeOf(storage).toExtend<Storage>();
  const options = { wait: 60_000, ttl: 10_000, getKey: () => 'a' };
  expectTypeOf(storage.exclusive(store, options)).toEqualTypeOf<MiddlewareHandler>();
  // @ts-expect-error: it needs update
  new StoreStorage(five);
  expectTypeOf(new TeamsStorage<number>(store)).toExtend<IStorage<string, number>>();
  expectTypeOf(new TeamsStorage(store)).toExtend<IStorage<string>>();
}
