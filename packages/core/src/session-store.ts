/** What a store keeps: a JSON object. */
// `any` rather than `unknown`, so that an interface, which has no index signature, is a session too.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Session = Record<string, any>;

/**
 * The contract that users of sessions rely on, and all that a hand-written store needs.
 *
 * An id is a non-empty string chosen by the caller, such as `telegram:42`.
 */
export interface SessionStore<S extends Session = Session> {
  /** Makes the store ready and resolves with it. May be called more than once. */
  init(): Promise<this>;
  /** Resolves with the session, or with `null` when it is absent, destroyed or expired. */
  read(id: string): Promise<S | null>;
  /** Stores the session in place of whatever was there. */
  write(id: string, session: S): Promise<void>;
  /** Removes the session. Succeeds when there is none. */
  destroy(id: string): Promise<void>;
  /** Resolves with every session that has not expired, in no particular order. */
  all(): Promise<S[]>;
}

/** What every `@sessions` store offers, and every driver gets for free. */
export interface FullSessionStore<S extends Session = Session>
  extends SessionStore<S>,
    AsyncDisposable {
  /** How far this store's promises reach. */
  readonly capabilities: Capabilities;

  /**
   * Changes one session without losing anybody else's change.
   *
   * `change` gets the current session (`null` when there is none) and returns the new one, or
   * `null` to destroy it. It runs again, on the fresh session, when another process was faster,
   * so it should have no side effects. Calls for one id wait in line first; one that is
   * still waiting after `timeout` because a `change` ahead is slow goes on out of turn.
   *
   * Resolves with what was stored. Rejects with what `change` throws, with a `TypeError` when it
   * returns `undefined`, and with `CONFLICT` when others kept being faster for `timeout`; then
   * nothing was changed.
   */
  update(
    id: string,
    change: (session: S | null) => S | null | Promise<S | null>,
  ): Promise<S | null>;

  /** Starts the session's lifetime anew and changes nothing else; `false` when there is none. */
  touch(id: string): Promise<boolean>;

  /**
   * Goes through all sessions in bounded memory. A session written or destroyed meanwhile may or
   * may not be seen; every other one is seen once. A corrupt record goes to `onWarning` instead.
   */
  entries(options?: InterruptOptions): AsyncIterable<[id: string, session: S]>;

  /** Removes what has expired, and resolves with how many that were. */
  prune(options?: InterruptOptions): Promise<number>;

  /**
   * Waits for what has been sent to the backend, then lets it go. Later calls reject with `CLOSED`,
   * and so does an `update` that has not sent its change yet.
   */
  close(): Promise<void>;
}

/** How far the promises of a driver, and so of its store, reach. The conformance kit tests what is declared here. */
export interface Capabilities {
  /** Among whom `put` is atomic: one process, all on this host, or all that share the backend. */
  readonly compareAndSet: 'process' | 'host' | 'cluster';
  /** What an acknowledged write survives. Each one includes those before. */
  readonly survives: 'nothing' | 'process-crash' | 'power-loss' | 'replication';
}

export interface InterruptOptions {
  /** Stops between two sessions, rejecting with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface StoreOptions {
  /** Minutes that a session lives after its last write or touch; one year (525,600) by default. */
  readonly expiresIn?: number | undefined;
  /** Milliseconds that a call may wait for the backend before it rejects; 5,000 by default. */
  readonly timeout?: number | undefined;
  /** Bytes of JSON text that one session may have at most; 8 MiB by default. */
  readonly maxSessionBytes?: number | undefined;
  /** The clock, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
  /** Hears of what does not fail a call, such as a corrupt record that `entries` passed over. */
  readonly onWarning?: ((warning: Error) => void) | undefined;
}
