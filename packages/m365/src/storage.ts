import { type AgentErrorDefinition, ExceptionHelper } from '@microsoft/agents-activity';
import {
  HostingErrors,
  type MiddlewareHandler,
  type Storage,
  type StoreItem,
  type TurnContext,
} from '@microsoft/agents-hosting';
import { type FullSessionStore, isSessionError, type Session, SessionError } from '@sessions/core';
import { type ExclusiveOptions, exclusiveRuns, type GuardedStore, guarded } from '@sessions/lease';

export interface TurnOptions extends ExclusiveOptions {
  /** Returns the id of those turns that must not overlap, or `undefined`; by default the conversation's. */
  readonly getKey?: ((context: TurnContext) => string | undefined) | undefined;
}

/**
 * The `Storage` of the Microsoft 365 Agents SDK, in a store of this family that nothing else uses. An
 * item is a session, its eTag is that of the version. Methods reject as the store does.
 */
export class StoreStorage implements Storage {
  readonly #store: FullSessionStore;
  readonly #items: GuardedStore;

  /** Throws a `TypeError` when the store has only the five methods. */
  constructor(store: FullSessionStore) {
    this.#store = store;
    this.#items = guarded(store);
  }

  /** The items that are there, each with its `eTag`. Rejects with the SDK's `ReferenceError` for no keys. */
  async read(keys: string[]): Promise<StoreItem> {
    if (!keys?.length) throw failure(ReferenceError, 'StorageReadKeysRequired');
    const items: [string, StoreItem][] = [];
    for (const key of keys) {
      const found = await this.#items.readVersion(key);
      if (found) items.push([key, { ...found.session, eTag: found.etag }]);
    }
    return Object.fromEntries(items);
  }

  /**
   * Stores the items one after another. An item with an eTag other than `*` is stored only over that
   * version. Otherwise it rejects with the SDK's error of eTag conflicts, and does not store the rest.
   */
  async write(changes: StoreItem): Promise<void> {
    const isWhole = changes && changes.length !== 0 && Object.values(changes).every(Boolean);
    if (!isWhole) throw failure(ReferenceError, 'StorageWriteChangesRequired');
    for (const [key, item] of Object.entries(changes)) {
      const { eTag, ...session } = item as StoreItem;
      await this.#replace(key, session, eTag);
    }
  }

  async delete(keys: string[]): Promise<void> {
    for (const key of keys) await this.#replace(key, null);
  }

  /**
   * Makes a middleware for `adapter.use` that runs the turns of one conversation one after another, in all
   * processes that share the store. Of `options`, `wait` and `ttl` are milliseconds, as in `withLease`.
   *
   * Rejects with `CONFLICT` when the turn did not come within `wait`; then nothing behind it ran. Within
   * a turn `write` and `delete`, with `*` too, reject with the SDK's error of eTag conflicts when somebody
   * else has changed the item since the turn has read it.
   */
  exclusive({ getKey = conversationOf, ...options }: TurnOptions = {}): MiddlewareHandler {
    const run = exclusiveRuns(this.#store, options);
    return async (context, next) => {
      const key = getKey(context);
      if (key === undefined) await next();
      else await run(key, next);
    };
  }

  async #replace(key: string, session: Session | null, eTag = ''): Promise<void> {
    const isAnyVersion = eTag === '' || eTag === '*';
    const next = async () => {
      // What is replaced is the version that is there now, or this is asked again.
      if (isAnyVersion || (await this.#store.readVersion(key))?.etag === eTag) return session;
      throw new SessionError('CONFLICT', 'the item is not the version of the eTag', { id: key });
    };
    try {
      await this.#items.replace(key, next);
    } catch (error) {
      if (!isSessionError(error, 'CONFLICT')) throw error;
      throw failure(Error, 'StorageETagConflict', error, key);
    }
  }
}

/** One of the SDK's own errors. */
function failure(type: ErrorConstructor, name: string, cause?: Error, key = ''): Error {
  const definition = HostingErrors[name] as AgentErrorDefinition;
  return ExceptionHelper.generateException(type, definition, cause, { key });
}

const conversationOf = ({ activity: { channelId, conversation } }: TurnContext) =>
  conversation && `${channelId}/conversations/${conversation.id}`;
