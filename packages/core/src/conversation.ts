import { SessionError } from './errors.ts';
import { copyValue, isObject } from './json.ts';
import type { Session } from './session-store.ts';

/** Any object type, interfaces included. */
// biome-ignore lint/suspicious/noExplicitAny: as for Session
export type State = Record<string, any>;

/** The members to change. `undefined` removes a member that may be absent. */
export type StateMembers<T extends State> = {
  [K in keyof T]?: object extends Pick<T, K> ? T[K] | undefined : T[K];
};

/**
 * What `setState` takes: the members to change, or a function that gets the fresh state and
 * returns them.
 */
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
  /** Aborts when the handler runs with `exclusive` and has lost that right; without `exclusive` never. */
  readonly signal: AbortSignal;
  /**
   * Merges the members into the state, shallowly. `undefined` removes a member. A function gets the
   * fresh state. It runs again when another process changed the state meanwhile, so counters stay
   * exact. Throws a `TypeError` once the handler has finished, and within such a function.
   */
  setState(change: StateChange<T>): void;
  /**
   * Goes back to a fresh copy of the initial state. Throws a `TypeError` once the handler has
   * finished.
   */
  resetState(): void;
}

/** A conversation that keeps the changes of its state as a list, to apply them again. */
export class OpenConversation<T extends State> implements Conversation<T> {
  readonly id: string;
  readonly signal: AbortSignal;
  #found: Session | null;
  readonly #initialState: T;
  readonly #before: T;
  readonly #changes: ((state: T) => T)[] = [];
  #state: T;
  #ended = false;

  constructor(id: string, session: Session | null, initialState: T, signal: AbortSignal) {
    this.id = id;
    this.signal = signal;
    this.#found = session;
    this.#initialState = initialState;
    this.#before = this.#state = this.#stateIn(session);
  }

  get session(): Readonly<Session> | null {
    this.#found = frozen(this.#found);
    return this.#found;
  }

  get state(): T {
    return this.#state;
  }

  get isChanged(): boolean {
    if (this.#changes.length === 0) return false;
    return !this.#found || !isSame(this.#state, this.#before);
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
    if (isSame(session?._state, this.#found?._state)) return this.#state;
    return this.#changes.reduce((state, change) => change(state), this.#stateIn(session));
  }

  async handle<R>(handler: (conversation: Conversation<T>) => R | Promise<R>): Promise<R> {
    try {
      return await handler(this);
    } finally {
      this.#ended = true;
    }
  }

  #change(change: (state: T) => T): void {
    if (this.#ended) {
      throw new TypeError(
        'the state was set after the handler had finished; is an `await` missing?',
      );
    }
    const before = this.#state;
    const state = change(before);
    // What it has set itself would be lost.
    if (this.#state !== before) throw new TypeError('a function given to setState set the state');
    this.#state = state;
    this.#changes.push(change);
  }

  #stateIn(session: Session | null): T {
    const state: unknown = session?._state;
    if (state === undefined) return this.#initialState;
    if (isObject(state)) return frozen(state as T);
    throw new SessionError('CORRUPT', 'the _state is no object', { id: this.id });
  }
}

/** A copy of each member that is to change; `undefined` stays, as it removes. */
function members<T extends State>(change: StateMembers<T>): StateMembers<T> {
  if (!isObject(change) || typeof change.then === 'function') {
    throw new TypeError('setState takes an object, or a function that returns one at once');
  }
  const copies = Object.entries(change).map(([key, value]) => [key, frozen(copyValue(value))]);
  return Object.fromEntries(copies);
}

// `Object.fromEntries` sets own members whatever their names, such as `__proto__`.
function merge<T extends State>(state: T, change: StateMembers<T>): T {
  const entries = Object.entries({ ...state, ...change });
  return Object.freeze(Object.fromEntries(entries.filter(([, value]) => value !== undefined))) as T;
}

/** A private copy that nobody can change. */
export function frozenCopy<T extends State>(value: T): T {
  const copy = copyValue(value);
  if (!isObject(copy)) throw new TypeError('a state is an object');
  return frozen(copy);
}

/** A copy that is frozen deeply; in place, V8 would make a new shape for each object. */
function frozen<T>(value: T): T {
  if (Object.isFrozen(value)) return value;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Session;
  for (const name of Object.keys(copy)) copy[name] = frozen(copy[name]);
  return Object.freeze(copy) as T;
}

/** Whether both are the same JSON, its order included. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object(one) !== one || Object(other) !== other) return one === other;
  const members = Object.entries(one as Session);
  const others = Object.entries(other as Session);
  return (
    Array.isArray(one) === Array.isArray(other) &&
    members.length === others.length &&
    members.every(([name, value], n) => name === others[n]?.[0] && isSame(value, others[n]?.[1]))
  );
}
