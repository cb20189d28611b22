import { isDeepStrictEqual } from 'node:util';
import {
  type AgentInputItem,
  MemorySession,
  type SessionHistoryRewriteArgs,
  type SessionHistoryRewriteAwareSession,
  type SessionHistoryTransactionArgs,
  type SessionHistoryTransactionAwareSession,
} from '@openai/agents';
import { checkOptions, type FullSessionStore, isSessionError, SessionError } from '@sessions/core';
import { History } from '@sessions/history';
import { planned } from './transactions.ts';

const MOST_TRIES = 100;

export interface HistorySessionOptions {
  /** The beginning of its ids in the store; `agents:` by default. */
  readonly prefix?: string | undefined;
  /** Minutes that the history lives after its last change; one year (525,600) by default. */
  readonly expiresIn?: number | undefined;
  /**
   * The name of what this object adds, such as the id of the message that it answers. What an object of
   * this name has added before, in any process, is not added again.
   */
  readonly operationId?: string | undefined;
}

/**
 * A `session` for `run()`: what was said in one conversation, in any full store, under an id that you
 * choose. Each call is one step, whatever other processes do. Methods reject as the store does.
 */
export class HistorySession
  implements SessionHistoryTransactionAwareSession, SessionHistoryRewriteAwareSession
{
  readonly #id: string;
  readonly #history: History<AgentInputItem>;
  readonly #operationId: string | undefined;
  #calls = 0;
  readonly #failed = new Map<string, number>();

  constructor(store: FullSessionStore, sessionId: string, options: HistorySessionOptions = {}) {
    checkOptions('a session', options, ['prefix', 'expiresIn', 'operationId']);
    const { prefix = 'agents:', expiresIn, operationId } = options;
    if (typeof sessionId !== 'string' || sessionId === '') {
      throw new SessionError('INVALID_ID', 'the id of a session is text that is not empty');
    }
    if (operationId !== undefined && (typeof operationId !== 'string' || operationId === '')) {
      throw new TypeError('operationId must be text that is not empty');
    }
    this.#id = sessionId;
    this.#history = new History(store, { prefix, expiresIn });
    this.#operationId = operationId;
  }

  async getSessionId(): Promise<string> {
    return this.#id;
  }

  /** All items, or the newest `limit` of them; the oldest of these first. */
  async getItems(limit: number = Number.POSITIVE_INFINITY): Promise<AgentInputItem[]> {
    return this.#history.items(this.#id, { limit: Math.max(limit, 0) });
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    if (this.#operationId === undefined) {
      await this.#history.append(this.#id, items);
      return;
    }
    const text = JSON.stringify(items);
    const call = this.#failed.get(text) ?? this.#calls++;
    try {
      const operationId = `add:${call}:${this.#operationId}`;
      await this.#history.append(this.#id, items, { operationId });
      this.#failed.delete(text);
    } catch (error) {
      this.#failed.set(text, call); // a repeat has the same name
      throw error;
    }
  }

  /** Removes the newest item, and resolves with it; `undefined` when there is none. */
  async popItem(): Promise<AgentInputItem | undefined> {
    return this.#history.pop(this.#id);
  }

  /** Removes all items, and forgets which operations there were. */
  async clearSession(): Promise<void> {
    await this.#history.clear(this.#id);
  }

  /**
   * Appends items, or replaces the newest ones if they are as expected, once for each operation id.
   * Rejects with `CONFLICT`, and changes nothing, when they are not, or when the id was used for
   * another transaction; with a `UserError` for what is no transaction.
   */
  async applyHistoryTransaction(args: SessionHistoryTransactionArgs): Promise<void> {
    const { operationId, transaction, expected, items } = await planned(args);
    const options = { operationId: `transaction:${operationId}`, transaction };
    await this.#history.replaceSuffix(this.#id, expected, items, options);
  }

  /** Puts a compaction, and what is kept after it, in place of all items, in one step. */
  async replaceHistoryWithCompaction(items: AgentInputItem[]): Promise<void> {
    await this.#rewrite(async () => items);
  }

  /** Replaces function calls, as the SDK does it. */
  async applyHistoryMutations(args: SessionHistoryRewriteArgs): Promise<void> {
    await this.#rewrite(async (initialItems) => {
      const memory = new MemorySession({ initialItems });
      await memory.applyHistoryMutations(args);
      return memory.getItems();
    });
  }

  /** Changes the list of items, again if others have changed it meanwhile. */
  async #rewrite(change: (items: AgentInputItem[]) => Promise<AgentInputItem[]>): Promise<void> {
    for (let tries = 1; ; tries++) {
      const items = await this.getItems();
      const changed = await change(items);
      const isKept = (item: AgentInputItem, n: number) => isDeepStrictEqual(item, changed[n]);
      const kept = items.findIndex((item, n) => !isKept(item, n));
      const from = kept < 0 ? items.length : kept;
      if (from === Math.max(items.length, changed.length)) return;
      try {
        await this.#history.replaceSuffix(this.#id, items.slice(from), changed.slice(from));
        return;
      } catch (error) {
        if (!isSessionError(error, 'CONFLICT') || tries === MOST_TRIES) throw error;
      }
    }
  }
}
