import { randomUUID } from 'node:crypto';
import { KEEP, type Session } from '@sessions/core';
import { type LeaseOptions, withLease } from '@sessions/lease';
import type { Lock, QueueEntry, StateAdapter } from 'chat';
import { lifetime, listIn, newest, Values } from './values.ts';

const QUEUE_TTL_MS = 24 * 60 * 60 * 1000;

/**
 * The `state` of a `Chat`, on a store of this family that nothing else uses. Lifetimes are
 * milliseconds; what is given none lives as long as the store says. Methods reject as the store
 * does, and with a `TypeError` before `connect`.
 */
export class StoreStateAdapter extends Values implements StateAdapter {
  /**
   * Makes a handler run for one message of a thread after another, over all processes that share the
   * store. `wait` and `ttl` are milliseconds, as in `withLease`.
   *
   * Rejects with `CONFLICT` when the turn did not come within `wait`; then the handler did not run.
   * When its lease was lost, `set` and `delete` in it reject with `CONFLICT` if somebody else has
   * changed what it has read.
   */
  exclusive<A extends [thread: { readonly id: string }, ...unknown[]], R>(
    handler: (...args: A) => R | Promise<R>,
    options?: LeaseOptions,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      const run = () => this.run(() => handler(...args));
      return withLease(this.store, `lease:${args[0].id}`, run, options);
    };
  }

  async acquireLock(threadId: string, ttlMs: number): Promise<Lock | null> {
    const lock = { threadId, token: randomUUID(), expiresAt: Date.now() + ttlMs };
    const take = (found: Session | null) => (found ? KEEP : { token: lock.token });
    const stored = await this.store.update(`lock:${threadId}`, take, lifetime(ttlMs));
    return stored?.token === lock.token ? lock : null;
  }

  async extendLock({ threadId, token }: Lock, ttlMs: number): Promise<boolean> {
    const extend = (found: Session | null) => (found?.token === token ? found : KEEP);
    const stored = await this.store.update(`lock:${threadId}`, extend, lifetime(ttlMs));
    return stored?.token === token;
  }

  async releaseLock({ threadId, token }: Lock): Promise<void> {
    await this.store.update(`lock:${threadId}`, (found) => (found?.token === token ? null : KEEP));
  }

  async forceReleaseLock(threadId: string): Promise<void> {
    await this.store.destroy(`lock:${threadId}`);
  }

  async enqueue(threadId: string, entry: QueueEntry, maxSize: number): Promise<number> {
    const append = (found: Session | null) => ({
      entries: newest([...listIn(found?.entries), entry], maxSize),
    });
    const stored = await this.store.update(`queue:${threadId}`, append, lifetime(QUEUE_TTL_MS));
    return listIn(stored?.entries).length;
  }

  async dequeue(threadId: string): Promise<QueueEntry | null> {
    let first: QueueEntry | undefined;
    const take = (found: Session | null) => {
      let rest: QueueEntry[];
      [first, ...rest] = listIn<QueueEntry>(found?.entries);
      if (rest.length > 0) return { entries: rest };
      return found ? null : KEEP;
    };
    await this.store.update(`queue:${threadId}`, take, lifetime(QUEUE_TTL_MS));
    return first ?? null;
  }

  async queueDepth(threadId: string): Promise<number> {
    return listIn((await this.store.read(`queue:${threadId}`))?.entries).length;
  }

  async subscribe(threadId: string): Promise<void> {
    await this.store.write(`subscription:${threadId}`, { threadId });
  }

  async unsubscribe(threadId: string): Promise<void> {
    await this.store.destroy(`subscription:${threadId}`);
  }

  /** Starts the lifetime of the subscription anew: that of a thread that goes on does not end. */
  async isSubscribed(threadId: string): Promise<boolean> {
    return this.store.touch(`subscription:${threadId}`);
  }
}
