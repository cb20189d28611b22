import { SessionError } from './errors.ts';
import { checkId } from './id.ts';
import { copyValue, define } from './json.ts';
import { Lines } from './line.ts';
import type { Session, SessionStore } from './session-store.ts';
import { readSession, updateSession } from './update-session.ts';

/** Any object type, interfaces included. */
// biome-ignore lint/suspicious/noExplicitAny: as for Session
export type State = Record<string, any>;

/** The members to change; `undefined` removes one that may be absent. */
export type StateMembers<T extends State> = {
  [K in keyof T]?: object extends Pick<T, K> ? T[K] | undefined : T[K];
};

/** What `setState` takes: the members to change, or a function of the fresh state that returns them. */
export type StateChange<T extends State> =
  | StateMembers<T>
  | ((state: Readonly<T>) => StateMembers<T>);

/** One conversation while one event is handled. */
export interface Conversation<T extends State = State> {
  readonly id: string;
  /** The stored session as it was at the start, frozen; `null` for a new one. */
  readonly session: Readonly<Session> | null;
  /** The state with the changes made so far, frozen. */
  readonly state: Readonly<T>;
  /**
   * Merges shallowly; a member set to `undefined` is removed. A function sees the fresh state, and
   * runs again when another process changed the state meanwhile, so counters stay exact.
   * Throws a `TypeError` once the handler has finished.
   */
  setState(change: StateChange<T>): void;
  /** Goes back to a fresh copy of the initial state. Throws a `TypeError` once the handler has finished. */
  resetState(): void;
}

/** The state helpers: conversations kept in a store, under `_state` in each session. */
export class Conversations<T extends State = State> {
  readonly #store: SessionStore;
  readonly #lines = new Lines();
  #initialState: T;
  #ready: Promise<unknown> | undefined;

  constructor(store: SessionStore, initialState: T = {} as T) {
    checkStore(store);
    this.#store = store;
    this.#initialState = frozenCopy(initialState);
  }

  /** The state of a conversation that has none yet, and after `resetState`; copied deeply. */
  setInitialState(state: T): this {
    this.#initialState = frozenCopy(state);
    return this;
  }

  /**
   * Runs the handler on the conversation and then stores what it changed, with `fields` beside the
   * state. The handler runs once: when another process was faster, the changes are applied again
   * to the fresh state. Nothing is stored when the handler throws or changes nothing.
   * Handlers of one conversation run one after another.
   */
  async run<R>(
    id: string,
    handler: (conversation: Conversation<T>) => R | Promise<R>,
    fields: Session = {},
  ): Promise<R> {
    checkId(id);
    return this.#lines.run(id, async () => {
      await this.#init();
      const session = await readSession(this.#store, id);
      const conversation = new OpenConversation(id, session, this.#initialState);
      let result: R;
      try {
        result = await handler(conversation);
      } finally {
        conversation.end();
      }
      if (conversation.isChanged) {
        await updateSession(this.#store, id, (fresh) => ({
          ...fresh,
          id,
          ...fields,
          _state: conversation.replay(fresh),
        }));
      }
      return result;
    });
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

function checkStore(store: SessionStore): void {
  for (const method of ['init', 'read', 'write', 'destroy', 'all'] as const) {
    if (typeof store?.[method] === 'function') continue;
    throw new TypeError(`this is no session store: it has no method ${method}`);
  }
}

class OpenConversation<T extends State> implements Conversation<T> {
  readonly id: string;
  readonly session: Readonly<Session> | null;
  readonly #initialState: T;
  readonly #changes: ((state: T) => T)[] = [];
  #state: T;
  #ended = false;

  constructor(id: string, session: Session | null, initialState: T) {
    this.id = id;
    this.session = session && frozenCopy(session);
    this.#initialState = initialState;
    this.#state = this.#stateIn(this.session);
  }

  get state(): T {
    return this.#state;
  }

  get isChanged(): boolean {
    if (this.#changes.length === 0) return false;
    return this.session === null || !isSame(this.#state, this.#stateIn(this.session));
  }

  setState(change: StateChange<T>): void {
    if (typeof change === 'function') {
      this.#change((state) => merge(state, members(change(state))));
    } else {
      const copy = members(change);
      this.#change((state) => merge(state, copy));
    }
  }

  resetState(): void {
    this.#change(() => this.#initialState);
  }

  /** The state that the changes make of a fresh session. */
  replay(session: Session | null): T {
    // As it was: a function with a random result, say, has told the handler what is to be stored.
    if (isSame(session?._state, this.session?._state)) return this.#state;
    return this.#changes.reduce((state, change) => change(state), this.#stateIn(session));
  }

  end(): void {
    this.#ended = true;
  }

  #change(change: (state: T) => T): void {
    if (this.#ended) {
      throw new TypeError(
        'the state was set after the handler had finished, too late to be stored; is an `await` missing?',
      );
    }
    this.#state = change(this.#state);
    this.#changes.push(change);
  }

  #stateIn(session: Session | null): T {
    const state: unknown = session?._state;
    if (state === undefined) return this.#initialState;
    if (isObject(state)) return frozenCopy(state as T);
    throw new SessionError('CORRUPT', 'the _state of the session is no object', { id: this.id });
  }
}

/** A copy of each member that is to change; `undefined` stays, as it removes. */
function members<T extends State>(change: StateMembers<T>): StateMembers<T> {
  if (!isObject(change) || typeof change.then === 'function') {
    throw new TypeError('setState takes an object, or a function that returns one at once');
  }
  const copy: State = {};
  for (const key of Object.keys(change)) define(copy, key, deepFreeze(copyValue(change[key])));
  return copy as StateMembers<T>;
}

function merge<T extends State>(state: T, change: StateMembers<T>): T {
  const merged: State = {};
  for (const [key, value] of Object.entries({ ...state, ...change })) {
    if (value !== undefined) define(merged, key, value);
  }
  return Object.freeze(merged) as T;
}

function frozenCopy<T extends State>(value: T): T {
  const copy = copyValue(value);
  if (!isObject(copy)) throw new TypeError('a state is an object');
  return deepFreeze(copy) as T;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isObject(value: unknown): value is State {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
