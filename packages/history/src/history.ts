import type { FullSessionStore, InterruptOptions, ListOptions } from '@sessions/core';
import { checkOptions, DEFAULT_EXPIRES_IN, KEEP, SessionError } from '@sessions/core';
import { change, NOTHING } from './change.ts';
import { copyOf, type Head, headOf, isHead, lengthOf, operationOf } from './layout.ts';
import type {
  AppendOptions,
  HistoryOptions,
  ItemsOptions,
  ReplaceOptions,
  Summary,
} from './options.ts';
import { checkCounts, checkLists, checkText } from './options.ts';
import { Parts } from './parts.ts';
import { type Verified, verify } from './verify.ts';

/**
 * A list of items for each id, in any full store. An item is anything that JSON can hold, and comes back
 * as JSON gives it back.
 *
 * Each call is applied as a whole or not at all, in one order that all readers agree on. Methods reject
 * with the store's own errors, with `CORRUPT` when a part is missing, with `TOO_LARGE` when an item does
 * not fit into a session of the store, and with `INVALID_SESSION` when JSON cannot hold it.
 */
export class History<T = unknown> {
  readonly #prefix: string;
  readonly #parts: Parts;

  constructor(store: FullSessionStore, options: HistoryOptions = {}) {
    checkOptions('a history', options, ['prefix', 'expiresIn', 'now']);
    const { prefix = 'history:', expiresIn = DEFAULT_EXPIRES_IN, now = () => Date.now() } = options;
    if (typeof store?.update !== 'function') throw new TypeError('the store must have an update');
    checkText('prefix', prefix);
    const name = prefix.replace(/:$/, '');
    this.#prefix = `${name}:`;
    this.#parts = new Parts(store, `${name}.part:`, expiresIn, now);
  }

  /** Adds the items at the end, all at once. Resolves with how many it added: 0 for a repeat. */
  async append(id: string, items: readonly T[], options: AppendOptions<T> = {}): Promise<number> {
    checkOptions('append', options, ['operationId']);
    checkLists({ items });
    const { operationId } = options;
    const isEach = typeof operationId === 'function';
    const operations = new Set<string>();
    const added = items.flatMap((item) => {
      const operation = operationOf(isEach ? operationId(item) : operationId);
      if (isEach && operation && operations.has(operation)) return [];
      if (operation) operations.add(operation);
      return [{ item: copyOf(item), operation }];
    });
    if (added.length === 0) return 0;
    const edit = { ...NOTHING, operations: [...operations], items: added };
    return (await change(this.#parts, this.#id(id), edit))?.added ?? 0;
  }

  /** The newest items, or the newest before a position; the newest last. */
  async items(id: string, options: ItemsOptions = {}): Promise<T[]> {
    checkOptions('items', options, ['limit', 'before']);
    const { limit = Infinity, before = Infinity } = options;
    checkCounts({ limit, before });
    const headId = this.#id(id);
    return this.#parts.whole(headId, async () => {
      const head = await this.#parts.head(headId);
      if (!head) return [];
      const to = Math.min(lengthOf(head), before);
      return (await this.#parts.items(head, Math.max(to - limit, 0), to)) as T[];
    });
  }

  /** How many items there are: the position that the next one gets. */
  async length(id: string): Promise<number> {
    const head = await this.#parts.head(this.#id(id));
    return head ? lengthOf(head) : 0;
  }

  /** Removes the newest item, and resolves with it; `undefined` when there is none. */
  async pop(id: string): Promise<T | undefined> {
    const done = await change(this.#parts, this.#id(id), { ...NOTHING, drop: 1 });
    return done?.removed[0] as T | undefined;
  }

  /**
   * Puts `replacement` in place of `expected` at the end. Rejects with `CONFLICT`, and changes nothing,
   * when other items are there; resolves with `false` for a repeat.
   */
  async replaceSuffix(
    id: string,
    expected: readonly T[],
    replacement: readonly T[],
    options: ReplaceOptions = {},
  ): Promise<boolean> {
    checkOptions('replaceSuffix', options, ['operationId', 'transaction']);
    checkLists({ expected, replacement });
    const operation = operationOf(options.operationId, options.transaction);
    const done = await change(this.#parts, this.#id(id), {
      operations: operation ? [operation] : [],
      items: replacement.map((item) => ({ item: copyOf(item), operation })),
      drop: expected.length,
      expected: expected.map(copyOf),
    });
    return done !== undefined;
  }

  /** Starts the lifetime of the history anew; `false` when there is none. */
  async touch(id: string): Promise<boolean> {
    return (await change(this.#parts, this.#id(id), NOTHING)) !== undefined;
  }

  /** Removes the history and forgets its operations. When it rejects, it may leave parts: see `verify`. */
  async clear(id: string): Promise<void> {
    const headId = this.#id(id);
    let head = null as Head | null; // not narrowed
    await this.#parts.store.update(headId, (found) => {
      head = headOf(found, headId);
      return head ? null : KEEP;
    });
    await (head && this.#parts.clear(head))?.catch((cause: SessionError) => {
      throw new SessionError(cause.code, cause.message, { id: headId, outcome: 'unknown', cause });
    });
  }

  /** All histories that have items, or those whose ids begin with `prefix`; in no particular order. */
  async *list(options: ListOptions = {}): AsyncGenerator<[id: string, summary: Summary]> {
    checkOptions('list', options, ['prefix', 'signal']);
    const { prefix = '', signal } = options;
    checkText('prefix', prefix);
    for await (const [id, head] of this.#parts.store.entries({
      prefix: this.#prefix + prefix,
      signal,
    })) {
      const length = isHead(head) ? lengthOf(head) : 0;
      if (length > 0) yield [id.slice(this.#prefix.length), { length, changedAt: head.changedAt }];
    }
  }

  /** Removes what crashes have left, and reports histories that have lost a part. */
  async verify(options: InterruptOptions = {}): Promise<Verified> {
    checkOptions('verify', options, ['signal']);
    return verify(this.#parts, this.#prefix, options);
  }

  #id(id: string): string {
    if (typeof id === 'string' && id !== '') return this.#prefix + id;
    throw new SessionError('INVALID_ID', 'the id of a history must be text that is not empty');
  }
}
