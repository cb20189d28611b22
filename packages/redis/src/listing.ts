import { type DriverEntry, isSessionError, SessionError, type SessionRecord } from '@sessions/core';
import { type Client, isCluster, masters } from './client.ts';
import type { Connection } from './connection.ts';
import { unavailable } from './errors.ts';
import { decodeId, encodeId, patternOf } from './keys.ts';
import { reading } from './request.ts';
import { Seen } from './seen.ts';

const SCAN_COUNT = 1000;
// Sessions are read this many at a time, fewer when they turn out to be large.
const FEWEST_READS = 16;
const MOST_READS = 512;
const MANY_CHARACTERS = 1024 * 1024;
const CLUSTER_SLOTS = 16_384;

/** Goes through the keys of all masters, each once. `null` in between means "nothing yet". */
export class Listing {
  readonly #connection: Connection;
  readonly #keys: string;
  readonly #timeout: number;

  /** `keys` is what the names of all keys begin with, `timeout` ms each step may take. */
  constructor(connection: Connection, keys: string, timeout: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#timeout = timeout;
  }

  async *ids(prefix: string): AsyncGenerator<string | null, void> {
    for await (const ids of this.#pages(prefix)) {
      yield* ids;
      if (ids.length === 0) yield null;
    }
  }

  /** What `get` finds under each id. */
  async *records(
    prefix: string,
    get: (id: string) => Promise<SessionRecord | null>,
  ): AsyncGenerator<DriverEntry, void> {
    let many = FEWEST_READS;
    for await (const ids of this.#pages(prefix)) {
      for (let start = 0, some: string[]; start < ids.length; start += some.length) {
        some = ids.slice(start, start + many);
        let characters = 0;
        for (const [n, found] of (await Promise.all(some.map(caught(get)))).entries()) {
          if (found === null) continue; // gone since
          if (found instanceof SessionError) yield found;
          else {
            characters += found.session.length;
            yield [some[n] as string, found];
          }
        }
        many = characters > MANY_CHARACTERS ? Math.ceil(many / 4) : Math.min(MOST_READS, many * 2);
      }
      if (ids.length === 0) yield null; // on a large server that others use, too
    }
  }

  async *#pages(idPrefix: string): AsyncGenerator<string[], void> {
    const pattern = patternOf(this.#keys + encodeId(idPrefix));
    const seen = new Seen();
    const slots = await this.#slots();
    for (const node of masters(this.#connection.link.client)) {
      let cursor = '0';
      let stream: typeof node.stream | undefined;
      for (;;) {
        const [next, keys] = await this.#ask(() =>
          node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
        );
        // A cursor means nothing to another server, or to this one once it has started again.
        const isValid = cursor === '0' || stream === node.stream;
        stream = node.stream;
        const ids: string[] = [];
        for (const key of keys) {
          const id = decodeId(key.slice(this.#keys.length));
          if (id !== undefined && seen.add(key)) ids.push(id);
        }
        yield ids;
        if (isValid && next === '0') break;
        cursor = isValid ? next : '0';
      }
    }
    // A slot may have moved from a master not seen yet to one that was.
    if ((await this.#slots()) !== slots) throw unavailable('list: the cluster changed meanwhile');
  }

  #ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    return this.#connection.run(reading('list', question), this.#timeout);
  }

  /** Which slots each master of the cluster serves. Throws unless all of them are served. */
  async #slots(): Promise<string> {
    if (!isCluster(this.#connection.link.client)) return '';
    for (let isLast = false; ; isLast = true) {
      const views = await this.#ask((client) =>
        Promise.all(masters(client).map((node) => node.cluster('NODES') as Promise<string>)),
      );
      const slots = slotsIn(views);
      if (slots !== undefined) return slots;
      if (isLast) throw unavailable('list: a part of the cluster is out of reach');
      await this.#connection.link.refresh();
    }
  }
}

/** The same, with the error of a corrupt record in its place. */
function caught<T>(get: (id: string) => Promise<T>): (id: string) => Promise<T | SessionError> {
  return (id) =>
    get(id).catch((error) => {
      if (isSessionError(error, 'CORRUPT')) return error;
      throw error;
    });
}

/** Who serves what, from what each master says of itself; `undefined` unless it is all slots. */
function slotsIn(views: readonly string[]): string | undefined {
  const ranges: string[] = [];
  let count = 0;
  for (const view of views) {
    const line = view.split('\n').find((each) => /\bmyself\b/.test(each)) ?? '';
    const [name, , flags = '', , , , , , ...served] = line.trim().split(' ');
    if (!flags.includes('master')) continue;
    for (const range of served) {
      if (range.startsWith('[')) continue; // on the move, and also among those it comes from
      const [first = 0, last = first] = range.split('-').map(Number);
      count += last - first + 1;
      ranges.push(`${range} ${name}`);
    }
  }
  return count === CLUSTER_SLOTS ? ranges.sort().join() : undefined;
}
