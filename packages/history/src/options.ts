export interface HistoryOptions {
  /** The beginning of the ids of its sessions; it ends with a colon, or gets one. `history:` by default. */
  readonly prefix?: string | undefined;
  /** Minutes that a history lives after its last change or touch; one year (525,600) by default. */
  readonly expiresIn?: number | undefined;
  /** The clock of the store, in milliseconds since 1970; `() => Date.now()` by default. */
  readonly now?: (() => number) | undefined;
}

/** Options of `append`. */
export interface AppendOptions<T = unknown> {
  /**
   * The name of this call. If a call of this name has changed this history before, in any process, this
   * one changes nothing. A function names each item by itself; `undefined` means no name.
   */
  readonly operationId?: string | ((item: T) => string | undefined) | undefined;
}

/** Options of `replaceSuffix`. */
export interface ReplaceOptions {
  /** The name of this call, as of an `append`. */
  readonly operationId?: string | undefined;
  /** What the call of this name does, as text: a repeat with another text rejects with `CONFLICT`. */
  readonly transaction?: string | undefined;
}

/** Options of `items`. */
export interface ItemsOptions {
  /** How many items at most, the newest ones; all by default. */
  readonly limit?: number | undefined;
  /** Only items before this position; that of the first item is 0. */
  readonly before?: number | undefined;
}

/** What `list` says about a history. */
export interface Summary {
  /** How many items it has. */
  readonly length: number;
  /** When items were last added or removed, in milliseconds since 1970. */
  readonly changedAt: number;
}

export function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`${name} must be text`);
}

export function checkLists(lists: Record<string, unknown>): void {
  for (const [name, list] of Object.entries(lists)) {
    if (!Array.isArray(list)) throw new TypeError(`${name} must be an array of items`);
  }
}

export function checkCounts(counts: Record<string, unknown>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (typeof count !== 'number') throw new TypeError(`${name} must be a number of items`);
    if (count >= 0 && (count === Infinity || Number.isInteger(count))) continue;
    throw new RangeError(`${name} must be a whole number from 0 on, not ${count}`);
  }
}
