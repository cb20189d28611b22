import type { FullSessionStore, Session } from '@sessions/core';
import { checkExpiresIn, concurrently, hashId, isSessionError, SessionError } from '@sessions/core';
import { type Chunk, type Head, headOf, nameIn } from './layout.ts';

/** Items in a chunk; `chunk` is `undefined` when it is not there. */
export interface Found {
  readonly begin: number;
  readonly end: number;
  readonly name: string;
  readonly chunk: Chunk | undefined;
}

export const incomplete = (): SessionError =>
  new SessionError('CORRUPT', 'a part of the history is not there');

/** The heads in a store, and what they need: chunks and markers, which live twice as long. */
export class Parts {
  readonly store: FullSessionStore;
  readonly prefix: string;
  readonly expiresIn: number;
  readonly now: () => number;
  readonly #lifetime: { readonly expiresIn: number };

  constructor(store: FullSessionStore, prefix: string, expiresIn: number, now: () => number) {
    checkExpiresIn(expiresIn);
    this.store = store;
    this.prefix = prefix;
    this.expiresIn = expiresIn;
    this.now = now;
    this.#lifetime = { expiresIn: 2 * expiresIn };
  }

  /** Of a chunk by its name, of a marker by its operation. */
  id({ token }: Head, name: string): string {
    return `${this.prefix}${token}.${nameIn(name)}`;
  }

  async head(id: string): Promise<Head | null> {
    return headOf(await this.store.read(id), id);
  }

  /**
   * Does what needs all parts of a head. When one was not there, the head may have changed meanwhile:
   * then this does it again.
   */
  async whole<R>(headId: string, call: () => Promise<R>): Promise<R> {
    for (let seen: string | undefined = ''; ; ) {
      try {
        return await call();
      } catch (error) {
        if (isSessionError(error)) error.idHash = hashId(headId);
        if (!isSessionError(error, 'CORRUPT')) throw error;
        const etag = (await this.store.readVersion(headId))?.etag;
        if (etag === seen) throw error;
        seen = etag;
      }
    }
  }

  /** The chunks of the items from `from` on and before `to`, the newest first, many read at once. */
  async *walk(head: Head, from: number = 0, to: number = Infinity): AsyncGenerator<Found> {
    let { chunks, begin: end } = head;
    while (from < end && chunks.length > 0) {
      const all = chunks.map(([begin, name], n) => {
        return { begin, end: chunks[n + 1]?.[0] ?? end, name };
      });
      const wanted = all.filter((each, n) => each.end > from && (each.begin < to || n === 0));
      const reads = wanted.map(async (each) => ({ ...each, chunk: await this.#read(head, each) }));
      const found = (await Promise.all(reads)).reverse();
      yield* found.filter(({ begin }) => begin < to);
      end = all[0]?.begin ?? from;
      // The first one names those before it; if it is not there, a later one names most of them.
      let named = found.findLast(({ chunk }) => chunk)?.chunk;
      if (from < end) for (const each of all) named ??= await this.#read(head, each);
      chunks = (named?.chunks ?? []).filter(([begin]) => begin < end);
    }
    if (from < end) yield { begin: from, end, name: '', chunk: undefined };
  }

  /** The items from `from` on and before `to`. */
  async items(head: Head, from: number, to: number): Promise<unknown[]> {
    const cut = (items: readonly unknown[], begin: number) =>
      items.slice(Math.max(from - begin, 0), Math.max(to - begin, 0));
    const pages = [cut(head.tail, head.begin)];
    for await (const { begin, chunk } of this.walk(head, from, to)) {
      if (!chunk) throw incomplete();
      pages.unshift(cut(chunk.items, begin));
    }
    return pages.flat();
  }

  /** Which of these operations were applied before; `CONFLICT` when one was another transaction. */
  async known(head: Head, operations: readonly string[]): Promise<Set<string | undefined>> {
    const named = new Map(head.operations.map((each) => [nameIn(each), each]));
    const known = new Set<string | undefined>();
    await concurrently(operations, async (each) => {
      const marked = async () =>
        head.hasMarkers ? (await this.store.read(this.id(head, each)))?.operation : undefined;
      const applied: string | undefined = named.get(nameIn(each)) ?? (await marked());
      if (applied === undefined) return;
      known.add(each);
      if (applied.startsWith(each)) return;
      const message = 'the operation was already applied with a different transaction';
      throw new SessionError('CONFLICT', message);
    });
    return known;
  }

  async create(sessions: Iterable<readonly [id: string, session: Session]>): Promise<void> {
    await concurrently(sessions, async ([id, session]) => {
      await this.store.update(id, () => session, this.#lifetime);
    });
  }

  /** Starts the lifetimes of all chunks anew, but for those that cannot be read. */
  async renew(head: Head): Promise<void> {
    await concurrently(this.walk(head), async ({ name, chunk }) => {
      if (chunk) await this.store.touch(this.id(head, name), this.#lifetime);
    });
  }

  /** Destroys the parts of a head that is gone. */
  async clear(head: Head): Promise<void> {
    for await (const { name, chunk } of this.walk(head)) {
      await this.destroy([name, ...(chunk?.operations ?? [])].map((each) => this.id(head, each)));
    }
  }

  async destroy(ids: Iterable<string>): Promise<void> {
    await concurrently(ids, (id) => this.store.destroy(id));
  }

  async #read(head: Head, { name, begin, end }: Omit<Found, 'chunk'>): Promise<Chunk | undefined> {
    try {
      const chunk: Session | null = await this.store.read(this.id(head, name));
      return chunk?.items?.length === end - begin ? (chunk as Chunk) : undefined;
    } catch (error) {
      if (isSessionError(error, 'CORRUPT')) return undefined;
      throw error;
    }
  }
}
