import type { Driver, SessionStore, StoreOptions } from '@sessions/core';

/** One empty place to keep sessions in, such as a directory, a database or a key prefix. */
export interface Backend {
  /**
   * Makes a store on this backend, with these options; `init` is called by the tests. Several
   * stores may be open on one backend at once.
   */
  open(options: StoreOptions): SessionStore | Promise<SessionStore>;

  /** Makes a driver on this backend, not opened yet. Needed when `capabilities` are given. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever its records hold
  driver?(): Driver<any> | Promise<Driver<any>>;

  /**
   * Damages the stored record of this id so that it cannot be read, as a crash or a stranger might.
   * Needed when sessions survive anything.
   */
  corrupt?(id: string): void | Promise<void>;

  /**
   * How another process opens a store on this backend. Needed when `compareAndSet` is `'host'` or
   * `'cluster'`.
   */
  readonly elsewhere?: Elsewhere;

  /**
   * Makes the backend unreachable, or freezes it, for the stores that are open and for new ones; on
   * one host it holds the lock, or moves the folder away. Returns what brings it back. Needed when
   * `compareAndSet` is `'host'` or `'cluster'`.
   */
  interrupt?(): Restore | Interruption | Promise<Restore | Interruption>;

  /** Removes the backend; called after each test, when its stores have been closed. */
  dispose?(): void | Promise<void>;
}

/**
 * A module that Node can import, and the argument of its function `open(argument, options)`, which
 * returns a store or a promise of one.
 */
export interface Elsewhere {
  /** A URL, or a path. */
  readonly module: URL | string;
  /** Anything that JSON can hold, such as the name of a folder, or a port. */
  readonly argument: unknown;
}

/** Brings the backend back. */
export type Restore = () => void | Promise<void>;

/** A backend that is away, and holds back what is sent to it. */
export interface Interruption {
  /** Brings the backend back, for new connections at least; what it holds back stays so. */
  readonly restore: Restore;

  /**
   * Gives the backend everything that was sent while it was away, also by clients that have hung up
   * since. Nothing of it may have come through before. Called after `restore`.
   */
  readonly deliver: () => void | Promise<void>;
}
