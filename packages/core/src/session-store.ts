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

/** What `change` answers to leave the session as it is: nothing is sent, and its lifetime stays. */
export const KEEP: unique symbol = Symbol.for('@sessions/core KEEP');

/** The new session, `null` to destroy it, or `KEEP` to leave it. */
export type Changed<S extends Session = Session> = S | null | typeof KEEP;

/** One stored version of a session. */
export interface Version<S extends Session = Session> {
  readonly session: S;
  /** The random name of this version, for `ifMatch`. */
  readonly etag: string;
  /** Milliseconds since 1970, or `null` for never. */
  readonly expiresAt: number | null;
}

/** What every `@sessions` store offers, and every driver gets for free. */
export interface FullSessionStore<S extends Session = Session>
  extends SessionStore<S>,
    AsyncDisposable {
  /** How far this store's promises reach. */
  readonly capabilities: Capabilities;

  /**
   * Stores the session in place of whatever was there, or of the version `ifMatch` alone: then it
   * rejects with `CONFLICT` when another version is there, or none, and nothing was changed.
   */
  write(id: string, session: S, options?: WriteOptions): Promise<void>;

  /** Removes the session; with `ifMatch` only that version, and `CONFLICT` otherwise. */
  destroy(id: string, options?: DestroyOptions): Promise<void>;

  /** As `read`, with the etag that a later `write` or `destroy` may demand by `ifMatch`. */
  readVersion(id: string): Promise<Version<S> | null>;

  /**
   * Changes one session without losing anybody else's change.
   *
   * `change` gets the current session (`null` when there is none) and returns the new one, `null`
   * to destroy it, or `KEEP` to leave it. It runs again, on the fresh session, when another process
   * was faster, so it should have no side effects. Calls for one id wait for their turn; one that
   * still waits after `timeout` because a `change` ahead is slow goes on out of turn.
   *
   * Resolves with what is stored then. Rejects with what `change` throws, with a `TypeError` when it
   * returns `undefined`, and with `CONFLICT` when others kept being faster for `timeout`; then
   * nothing was changed.
   */
  update(
    id: string,
    change: (session: S | null) => Changed<S> | Promise<Changed<S>>,
    options?: LifetimeOptions,
  ): Promise<S | null>;

  /** Starts the session's lifetime anew and changes nothing else; `false` when there is none. */
  touch(id: string, options?: LifetimeOptions): Promise<boolean>;

  /** Every session, or every one whose id begins with `prefix`. */
  all(options?: ListOptions): Promise<S[]>;

  /**
   * Goes through the sessions in bounded memory. One that is written or destroyed meanwhile may or
   * may not be seen; every other one is seen once. A corrupt record goes to `onWarning` instead.
   */
  entries(options?: ListOptions): AsyncIterable<[id: string, session: S]>;

  /** As `entries`, with the etag and the expiry of each session. */
  versions(options?: ListOptions): AsyncIterable<[id: string, version: Version<S>]>;

  /**
   * As `entries`, ids alone. Sessions are not read where the backend can do without; then the id of
   * a corrupt record is among them.
   */
  ids(options?: ListOptions): AsyncIterable<string>;

  /**
   * Destroys the sessions, and resolves with how many. One that is written meanwhile may stay. Corrupt
   * records stay, and so does all that is no session of this store.
   */
  clear(options?: ListOptions): Promise<number>;

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

export interface LifetimeOptions {
  /**
   * Minutes that the session lives from now on, in place of the store's own. The session keeps no
   * memory of it: the next write, update or touch without it uses the store's again.
   */
  readonly expiresIn?: number | undefined;
}

export interface DestroyOptions {
  /** The etag of the version that must be there, or `null` when there must be no session. */
  readonly ifMatch?: string | null;
}

export interface WriteOptions extends LifetimeOptions, DestroyOptions {}

export interface InterruptOptions {
  /** Stops between two sessions, rejecting with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions extends InterruptOptions {
  /** What the ids begin with; all sessions when left out. */
  readonly prefix?: string;
}

export interface StoreOptions {
  /** Minutes that a session lives after its last write or touch; one year (525,600) by default. */
  readonly expiresIn?: number | undefined;
  /** Milliseconds that a call may wait for the backend before it rejects; 5,000 by default. */
  readonly timeout?: number | undefined;
  /** Bytes of JSON text that one session may have at most; 8 MiB by default. */
  readonly maxSessionBytes?: number | undefined;
  /** The clock, in milliseconds since 1970; `() => Date.now()` by default. */
  readonly now?: (() => number) | undefined;
  /** Is told what is no reason for a call to fail, such as a corrupt record that `entries` passed over. */
  readonly onWarning?: ((warning: Error) => void) | undefined;
}
