import { type Conversation, frozenCopy, OpenConversation, type State } from './conversation.ts';
import { checkId } from './id.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { checkFunction, checkOptions } from './options.ts';
import type { FullSessionStore, Session, SessionStore } from './session-store.ts';
import { readSession, updateSession } from './update-session.ts';

/**
 * Calls `run` while nobody else does so for this id, in this process or another. Settles as `run`
 * does. `exclusiveRuns` of `@sessions/lease` makes one.
 */
export type Exclusive = <R>(
  id: string,
  run: (lease?: { readonly signal: AbortSignal }) => Promise<R>,
) => Promise<R>;

export interface ConversationOptions {
  /**
   * Runs the handlers of one conversation one after another, also those in other processes. What a
   * handler has changed is stored only over the version that it has read. If another version is
   * there, as after a lost lease, `run` rejects with `CONFLICT`. The store must have `readVersion`.
   */
  readonly exclusive?: Exclusive | undefined;
}

/** Keeps the state of each conversation in a store, as `_state` in its session. */
export class Conversations<T extends State = State> {
  readonly #store: SessionStore;
  readonly #exclusive: Exclusive | undefined;
  readonly #mutex = new KeyedMutex();
  #initialState: T;
  #ready: Promise<unknown> | undefined;

  /**
   * `store` is any store. `initialState` is the state of a conversation that has none yet. Throws a
   * `TypeError` if `store` is no store, or for an option that does not exist.
   */
  constructor(store: SessionStore, initialState: T = {} as T, options: ConversationOptions = {}) {
    const { exclusive, ...others } = options;
    checkOptions('a conversation', others, ['exclusive']);
    if (exclusive !== undefined) checkFunction('exclusive', exclusive);
    checkStore(store, exclusive ? [...FIVE, 'readVersion'] : FIVE);
    this.#store = store;
    this.#exclusive = exclusive;
    this.#initialState = frozenCopy(initialState);
  }

  /** Sets the state of a conversation that has none yet, and after `resetState`. It is copied deeply. */
  setInitialState(state: T): this {
    this.#initialState = frozenCopy(state);
    return this;
  }

  /**
   * Runs the handler, then stores what it changed, with `fields` beside the state. Resolves with what
   * the handler returns. Nothing is stored when the handler throws or changes nothing.
   *
   * The handler runs once. When another process was faster, its changes are applied again, to the
   * fresh state. Handlers of one conversation run one after another in this process.
   */
  async run<R>(
    id: string,
    handler: (conversation: Conversation<T>) => R | Promise<R>,
    fields: Session = {},
  ): Promise<R> {
    checkId(id);
    return this.#mutex.run(id, async () => {
      await this.#init();
      if (!this.#exclusive) return this.#handle(id, handler, fields);
      return this.#exclusive(id, (lease) => this.#handle(id, handler, fields, lease?.signal));
    });
  }

  async #handle<R>(
    id: string,
    handler: (conversation: Conversation<T>) => R | Promise<R>,
    fields: Session,
    signal: AbortSignal = NEVER,
  ): Promise<R> {
    const store = this.#exclusive && (this.#store as FullSessionStore);
    const version = await store?.readVersion(id);
    const session = store ? (version?.session ?? null) : await readSession(this.#store, id);
    const conversation = new OpenConversation(id, session, this.#initialState, signal);
    const result = await conversation.handle(handler);
    if (conversation.isChanged) {
      const next = (fresh: Session | null) => ({
        ...fresh,
        id,
        ...fields,
        _state: conversation.replay(fresh),
      });
      // Over the version that was read, or not at all; otherwise to whatever is stored by then.
      if (store) await store.write(id, next(session), { ifMatch: version?.etag ?? null });
      else await updateSession(this.#store, id, next);
    }
    return result;
  }

  #init(): Promise<unknown> {
    const init = async () => this.#store.init();
    this.#ready ??= init().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }
}

const FIVE = ['init', 'read', 'write', 'destroy', 'all'];
const NEVER: AbortSignal = new AbortController().signal;

function checkStore(store: SessionStore, methods: readonly string[]): void {
  for (const method of methods) {
    if (typeof (store as unknown as Session | null)?.[method] === 'function') continue;
    throw new TypeError(`this is no session store: it has no method ${method}`);
  }
}
