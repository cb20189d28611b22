import { callbackify } from 'node:util';
import type { FullSessionStore } from '@sessions/core';
import { Session, type SessionData, Store } from 'express-session';
import { type Members, membersOf, merge } from './members.ts';

type Callback<T = void> = (error: unknown, result?: T) => void;

/**
 * A store for `express-session` that keeps its sessions in a store of this family. A session lives
 * as long as its cookie. If the cookie ends with the browser, it lives as long as that store says.
 *
 * Errors go to the callback. Without a callback they are emitted as `error`.
 */
export class ExpressStore extends Store {
  readonly #store: FullSessionStore<SessionData>;
  // What a session held when it was read or last written. One that has been stored is never created
  // again: if it is gone by then, somebody has logged out.
  readonly #stored = new WeakMap<object, Members>();

  /** Throws a `TypeError` when the store has only the five methods. */
  constructor(store: FullSessionStore) {
    super();
    if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');
    this.#store = store as FullSessionStore<SessionData>;
  }

  /** Makes the session object of a request from what `get` has found. */
  override createSession(
    ...args: Parameters<Store['createSession']>
  ): ReturnType<Store['createSession']> {
    const members = membersOf(args[1]);
    const session = super.createSession(...args);
    this.#stored.set(session, members);
    return session;
  }

  override get(sid: string, callback: Callback<SessionData | null>): void {
    this.#answer(callback, () => this.#store.read(sid));
  }

  /** Creates a new session. Of one that a request has loaded, stores only the members it has changed. */
  override set(sid: string, session: SessionData, callback?: Callback): void {
    this.#answer(callback, async () => {
      const before = this.#stored.get(session);
      const after = membersOf(session);
      await this.#save(sid, session, before && ((found) => merge(found, before, after)));
      if (session instanceof Session) this.#stored.set(session, after);
    });
  }

  /** Starts the lifetime anew, that of the cookie of this session, and changes nothing else. */
  override touch(sid: string, session: SessionData, callback?: Callback): void {
    this.#answer(callback, () => this.#save(sid, session, (found) => found));
  }

  override destroy(sid: string, callback?: Callback): void {
    this.#answer(callback, () => this.#store.destroy(sid));
  }

  /** Every session, with its `id`. */
  override all(callback: Callback<(SessionData & { id: string })[]>): void {
    this.#answer(callback, async () => {
      const sessions: (SessionData & { id: string })[] = [];
      for await (const [id, session] of this.#store.entries()) sessions.push({ ...session, id });
      return sessions;
    });
  }

  override length(callback: Callback<number>): void {
    this.#answer(callback, async () => {
      let length = 0;
      for await (const _ of this.#store.ids()) length++;
      return length;
    });
  }

  override clear(callback?: Callback): void {
    this.#answer(callback, async () => void (await this.#store.clear()));
  }

  /** Changes the session that is there, if there is one, or without `change` puts this one there. */
  async #save(
    sid: string,
    session: SessionData,
    change?: (found: SessionData) => SessionData,
  ): Promise<void> {
    const { cookie } = session;
    const expiresIn = minutesLeft(cookie);
    if (expiresIn !== undefined && expiresIn <= 0) await this.#store.destroy(sid);
    else if (!change) await this.#store.write(sid, session, { expiresIn });
    else {
      const changed = (found: SessionData | null) => found && { ...change(found), cookie };
      await this.#store.update(sid, changed, { expiresIn });
    }
  }

  #answer<T>(
    callback: Callback<T> = (error) => error && this.emit('error', error),
    work: () => Promise<T>,
  ): void {
    callbackify(work)(callback);
  }
}

/** Minutes until the cookie ends, or `undefined` if it ends with the browser. */
function minutesLeft(cookie: SessionData['cookie'] | undefined): number | undefined {
  const end = new Date(cookie?.expires || Number.NaN).getTime();
  return Number.isNaN(end) ? undefined : (end - Date.now()) / 60_000;
}
