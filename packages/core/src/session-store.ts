/** What a store keeps: a JSON object. */
// `any` rather than `unknown`, so that an interface, which has no index signature, is a session too.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Session = Record<string, any>;

/**
 * The five methods that every store has. A store that you write by hand needs no more.
 *
 * You choose the id: a string that is not empty, such as `telegram:42`.
 */
export interface SessionStore<S extends Session = Session> {
  /** Makes the store ready, and resolves with the store. You may call it more than once. */
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

/** Return it from `change` to leave the session as it is: nothing is sent, and its lifetime stays. */
export const KEEP: unique symbol = Symbol.for('@sessions/core KEEP');

/** What `change` returns: the new session, `null` to destroy it, or `KEEP` to leave it. */
export type Changed<S extends Session = Session> = S | null | typeof KEEP;

/** One stored version of a session. */
export interface Version<S extends Session = Session> {
  readonly session: S;
  /** The random name of this version, for `ifMatch`. */
  readonly etag: string;
  /** When the session expires, in milliseconds since 1970; `null` for never. */
  readonly expiresAt: number | null;
}

/** What every `@sessions` store has. `DriverStore` makes one of any driver. */
export interface FullSessionStore<S extends Session = Session>
  extends SessionStore<S>,
    AsyncDisposable {
  /** How far the promises of this store reach. */
  readonly capabilities: Capabilities;

  /**
   * Stores the session in place of whatever was there. With `ifMatch` it replaces that version only:
   * if another version is there, or none, it rejects with `CONFLICT` and changes nothing.
   */
  write(id: string, session: S, options?: WriteOptions): Promise<void>;

  /**
   * Removes the session, and succeeds when there is none. With `ifMatch` it removes that version
   * only: if another version is there, or none, it rejects with `CONFLICT` and changes nothing.
   */
  destroy(id: string, options?: DestroyOptions): Promise<void>;

  /**
   * Reads the session together with its etag and its expiry. Give the etag as `ifMatch` to a later
   * `write` or `destroy`. Resolves with `null` when the session is absent, destroyed or expired.
   */
  readVersion(id: string): Promise<Version<S> | null>;

  /**
   * Changes one session; nobody else's change is lost.
   *
   * `change` gets the current session, or `null` when there is none. It returns the new session,
   * `null` to destroy it, or `KEEP` to leave it. When another process was faster, `change` runs again
   * on the fresh session, so it should have no side effects.
   *
   * Calls for one id wait for each other. If a `change` takes longer than `timeout`, the calls behind
   * it stop waiting, and run.
   *
   * Resolves with what is stored afterwards. Rejects with what `change` throws, with a `TypeError`
   * when it returns `undefined`, and with `CONFLICT` when others were faster for the whole `timeout`.
   * In these cases nothing was changed.
   */
  update(
    id: string,
    change: (session: S | null) => Changed<S> | Promise<Changed<S>>,
    options?: LifetimeOptions,
  ): Promise<S | null>;

  /**
   * Starts the session's lifetime anew and changes nothing else. Resolves with `false` when there
   * is none.
   */
  touch(id: string, options?: LifetimeOptions): Promise<boolean>;

  /** Resolves with every session, or with those whose id begins with `prefix`. */
  all(options?: ListOptions): Promise<S[]>;

  /**
   * Goes through all sessions in bounded memory, and gives each one once, with its id. A session that
   * is written or destroyed meanwhile may be missing. A corrupt record goes to `onWarning` instead.
   */
  entries(options?: ListOptions): AsyncIterable<[id: string, session: S]>;

  /** Goes through all sessions like `entries`, and gives the etag and the expiry of each one, too. */
  versions(options?: ListOptions): AsyncIterable<[id: string, version: Version<S>]>;

  /**
   * Goes through all sessions like `entries`, and gives only their ids. Where the backend can list
   * ids without reading the sessions, the ids of corrupt records are among them.
   */
  ids(options?: ListOptions): AsyncIterable<string>;

  /**
   * Destroys all sessions, or those whose id begins with `prefix`. Resolves with their number. A
   * session that is written meanwhile may stay. Corrupt records stay, and so does everything that is
   * no session of this store.
   */
  clear(options?: ListOptions): Promise<number>;

  /** Removes all expired sessions. Resolves with their number. */
  prune(options?: InterruptOptions): Promise<number>;

  /**
   * Closes the store, after the answers to all that was sent to the backend. Later calls reject with
   * `CLOSED`, and so does an `update` that has not sent its change yet.
   */
  close(): Promise<void>;
}

/** How far the promises of a driver reach, and so those of its store. The conformance kit tests them. */
export interface Capabilities {
  /** Among whom `put` is atomic: one process, all on this host, or all that share the backend. */
  readonly compareAndSet: 'process' | 'host' | 'cluster';
  /** What a write survives once its call has succeeded. Each value includes those before it. */
  readonly survives: 'nothing' | 'process-crash' | 'power-loss' | 'replication';
}

export interface LifetimeOptions {
  /**
   * Minutes that the session lives from now on, in place of the store's lifetime. The next `write`,
   * `update` or `touch` without this option gives it the store's lifetime again.
   */
  readonly expiresIn?: number | undefined;
}

export interface DestroyOptions {
  /** The etag of the version that must be there; `null` when there must be no session. */
  readonly ifMatch?: string | null;
}

export interface WriteOptions extends LifetimeOptions, DestroyOptions {}

export interface InterruptOptions {
  /** Stops the call between two sessions; it then rejects with the signal's reason. */
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
  /**
   * Gets an `Error` for each problem that fails no call, such as a corrupt record in a listing; by
   * default `process.emitWarning`.
   */
  readonly onWarning?: ((warning: Error) => void) | undefined;
}
