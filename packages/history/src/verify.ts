import type { InterruptOptions, Session, SessionErrorCode } from '@sessions/core';
import { isSessionError, minutesLeft } from '@sessions/core';
import { type Head, headOf, newName } from './layout.ts';
import { incomplete, type Parts } from './parts.ts';

/** A history of which something is missing. */
export interface Damage {
  readonly id: string;
  /** Positions of missing items, `to` excluded; none when the head itself cannot be read. */
  readonly missing: readonly (readonly [from: number, to: number])[];
}

/** What `verify` has found and removed. */
export interface Verified {
  /** How many histories it has looked at. */
  readonly histories: number;
  /** How many parts it has removed, because no history needs them. */
  readonly removed: number;
  /** The histories that have lost a part. */
  readonly damaged: readonly Damage[];
}

/** Looks through all histories for missing parts, then through all parts for garbage. */
export async function verify(
  parts: Parts,
  prefix: string,
  { signal }: InterruptOptions,
): Promise<Verified> {
  const damaged: Damage[] = [];
  const named = new Set<string>();
  let histories = 0;
  for await (const headId of parts.store.ids({ prefix, signal })) {
    histories++;
    let missing: [number, number][] = [];
    const look = async () => {
      missing = [];
      const head = await parts.head(headId);
      for await (const { begin, end, name, chunk } of head ? parts.walk(head) : []) {
        if (chunk) named.add(parts.id(head as Head, name));
        else missing.unshift([begin, end]);
      }
      if (missing.length > 0) throw incomplete();
      return true;
    };
    const isWhole = await parts.whole(headId, look).catch(passing('CORRUPT'));
    if (!isWhole) damaged.push({ id: headId.slice(prefix.length), missing });
  }

  let removed = 0;
  for await (const [id, part] of parts.store.entries({ prefix: parts.prefix, signal })) {
    if (typeof part.of !== 'string' || named.has(id)) continue;
    const isGarbage = async () => !(await isNeeded(parts, id, part));
    const isFree = parts.whole(part.of, isGarbage).catch(passing('CORRUPT', 'CONFLICT'));
    if (!(await isFree)) continue;
    await parts.store.destroy(id);
    removed++;
  }
  return { histories, removed, damaged };
}

/** Whether its head needs this part. No call under way may still write one that does. */
async function isNeeded(parts: Parts, id: string, { of, base, begin }: Session): Promise<boolean> {
  const found = await parts.store.readVersion(of);
  const head = headOf(found?.session ?? null, of);
  if (!found || !head) {
    // One that has expired may be there still, and be what a call under way has read.
    await parts.store.destroy(of, { ifMatch: null });
    return false;
  }
  if (begin === undefined) return id.startsWith(parts.id(head, '')); // a marker
  for await (const { name, chunk } of parts.walk(head, begin, begin + 1)) {
    if (!chunk) throw incomplete(); // and what it names might look like garbage
    if (id === parts.id(head, name)) return true;
  }
  // Who has read this version may name the part yet, but not when it has been replaced.
  if (base === head.version) {
    const left = minutesLeft(found.expiresAt, parts.now());
    const options = { ifMatch: found.etag, expiresIn: Math.max(left, 1 / 60_000) };
    await parts.store.write(of, { ...head, version: newName() }, options);
  }
  return false;
}

/** For `catch`: errors with one of these codes become `undefined`. */
function passing(...codes: SessionErrorCode[]): (error: unknown) => undefined {
  return (error) => {
    if (!isSessionError(error) || !codes.includes(error.code)) throw error;
  };
}
