import { AsyncLocalStorage } from 'node:async_hooks';
import { type AgentErrorDefinition, ExceptionHelper } from '@microsoft/agents-activity';
import {
  HostingErrors,
  type MiddlewareHandler,
  type Storage,
  type StoreItem,
  type TurnContext,
} from '@microsoft/agents-hosting';
import {
  checkOptions,
  type FullSessionStore,
  isSessionError,
  type Session,
  SessionError,
} from '@sessions/core';
import { type LeaseOptions, withLease } from '@sessions/lease';

export interface ExclusiveOptions extends LeaseOptions {
  /** The id of those turns that must not overlap, or `undefined`; that of the conversation by default. */
  readonly getKey?: ((context: TurnContext) => string | undefined) | undefined;
}

/**
 * The `Storage` of the Microsoft 365 Agents SDK, in a store of this family that nothing else uses. An
 * item is a session, its eTag is that of the version. Methods reject as the store does.
 */
export class StoreStorage implements Storage {
  readonly #store: FullSessionStore;
  // What the exclusive turn under way has read or written, as JSON text.
  readonly #turn = new AsyncLocalStorage<Map<string, string>>();

  /** Throws a `TypeError` when the store has the five methods alone. */
  constructor(store: FullSessionStore) {
    checkStore(store);
    this.#store = store;
  }

  /** The items that are there, each with its `eTag`. Rejects with the SDK's `ReferenceError` for no keys. */
  async read(keys: string[]): Promise<StoreItem> {
    if (!keys?.length) {
      throw failure(ReferenceError, 'StorageReadKeysRequired');
    }
    const items: [string, StoreItem][] = [];
    for (const key of keys) {
      const found = await this.#store.readVersion(key);
      this.#see(key, found?.session ?? null);
      if (found) items.push([key, { ...found.session, eTag: found.etag }]);
    }
    return Object.fromEntries(items);
  }

  /**
   * Stores the items one after another. One with an eTag other than `*` is stored over that version
   * alone: otherwise it rejects with the SDK's error of eTag conflicts, and those behind it are not stored.
   */
  async write(changes: StoreItem): Promise<void> {
    if (!changes || changes.length === 0) {
      throw failure(ReferenceError, 'StorageWriteChangesRequired');
    }
    for (const [key, item] of Object.entries(changes)) {
      const { eTag, ...session } = item as StoreItem;
      await this.#replace(key, session, eTag);
    }
  }

  async delete(keys: string[]): Promise<void> {
    for (const key of keys) await this.#replace(key, null);
  }

  /**
   * A middleware for `adapter.use` that runs the turns of one conversation one after another, over all
   * processes that share the store of leases, which nothing else may use. `wait` and `ttl` are
   * milliseconds, as in `withLease`.
   *
   * Rejects with `CONFLICT` when the turn did not come within `wait`; then nothing behind it ran. Within
   * a turn `write` and `delete`, with `*` too, reject with the SDK's error of eTag conflicts when somebody
   * else has changed the item since the turn has read it.
   */
  exclusive(
    leases: FullSessionStore,
    { getKey = conversationOf, ...options }: ExclusiveOptions = {},
  ): MiddlewareHandler {
    checkStore(leases);
    checkOptions('exclusive', options, ['getKey', 'ttl', 'wait', 'signal']);
    return async (context, next) => {
      const key = getKey(context);
      if (key === undefined) return next();
      await withLease(leases, key, () => this.#turn.run(new Map(), next), options);
    };
  }

  async #replace(key: string, session: Session | null, eTag?: string): Promise<void> {
    const expected = this.#turn.getStore()?.get(key);
    const ifUnchanged = (found: Session | null) => {
      if (JSON.stringify(found) === expected) return session;
      throw new SessionError('CONFLICT', 'the item was changed since it was read', { id: key });
    };
    try {
      if (session && eTag && eTag !== '*') await this.#store.write(key, session, { ifMatch: eTag });
      else if (expected !== undefined) await this.#store.update(key, ifUnchanged);
      else if (session) await this.#store.write(key, session);
      else await this.#store.destroy(key);
    } catch (error) {
      if (!isSessionError(error, 'CONFLICT')) throw error;
      throw failure(Error, 'StorageETagConflict', error, { key });
    }
    this.#turn.getStore()?.set(key, JSON.stringify(session));
  }

  /** The first time: who has lost the lease may be reading what somebody else wrote since. */
  #see(key: string, session: Session | null): void {
    const seen = this.#turn.getStore();
    if (seen && !seen.has(key)) seen.set(key, JSON.stringify(session));
  }
}

/** One of the SDK's own errors. */
function failure(
  type: new (message: string) => Error,
  name: string,
  cause?: Error,
  params?: Record<string, string>,
): Error {
  const definition = HostingErrors[name] as AgentErrorDefinition;
  return ExceptionHelper.generateException(type, definition, cause, params);
}

function conversationOf({ activity }: TurnContext): string | undefined {
  const id = activity.conversation?.id;
  return id && `${activity.channelId}/conversations/${id}`;
}

function checkStore(store: FullSessionStore): void {
  if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');
}
