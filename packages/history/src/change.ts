import { isDeepStrictEqual } from 'node:util';
import { isSessionError, KEEP, type Session, SessionError } from '@sessions/core';
import type { Chunk, Head } from './layout.ts';
import { grouped, headOf, lengthOf, MOST, NAMED, newHead, newName } from './layout.ts';
import { incomplete, type Parts } from './parts.ts';

/** What is to become of the end of a history. */
export interface Edit {
  readonly operations: readonly string[];
  /** What is added, each with the operation that adds it. */
  readonly items: readonly { readonly item: unknown; readonly operation: string | undefined }[];
  /** How many items are taken off first, and which ones these must be. */
  readonly drop: number;
  readonly expected?: readonly unknown[];
}

export const NOTHING: Edit = { operations: [], items: [], drop: 0 };

export interface Changed {
  readonly head: Head;
  /** The ids of the chunks that this head names and the one before did not, and the other way round. */
  readonly created: readonly string[];
  readonly dropped: readonly string[];
  readonly added: number;
  readonly removed: readonly unknown[];
  /** The edit is yet to be done: the head has to be written before there are parts, see `verify`. */
  readonly isFirst?: boolean;
}

/** Changes a history, and resolves with how; `undefined` when it was kept, as for a repeat. */
export async function change(
  parts: Parts,
  headId: string,
  edit: Edit,
): Promise<Changed | undefined> {
  const runs: Changed[] = [];
  const next = async (session: Session | null) => {
    const run = await changed(parts, headId, headOf(session, headId), edit).catch((cause) => {
      // No head names a part that failed, unless that of an earlier run is under way still.
      if (!isSessionError(cause) || runs.length > 0) throw cause;
      throw new SessionError(cause.code, cause.message, { cause });
    });
    if (run === KEEP) return KEEP;
    runs.push(run);
    return run.head;
  };
  const update = () => parts.store.update(headId, next, { expiresIn: parts.expiresIn });
  const stored = await parts.whole(headId, update);
  // A command that got lost may have arrived late: the last run need not be what was stored.
  const done = runs.find(({ head }) => head.version === stored?.version);
  const garbage = runs.flatMap((run) => (run === done ? run.dropped : run.created));
  await parts.destroy(garbage).catch(() => {}); // the call is done; `verify` finds it
  return done?.isFirst ? change(parts, headId, edit) : done;
}

/** What follows a head. All parts that it needs are there then: to write it is all that is left. */
async function changed(
  parts: Parts,
  of: string,
  found: Head | null,
  edit: Edit,
): Promise<Changed | typeof KEEP> {
  const now = parts.now();
  const lifetime = parts.expiresIn * 60_000;
  const { drop, expected } = edit;
  const head = found ?? newHead(now);
  const known = found ? await parts.known(found, edit.operations) : new Set();
  const items = edit.items.filter(({ operation }) => !known.has(operation));
  const operations = edit.operations.filter((name) => !known.has(name));
  const length = lengthOf(head);
  // A repeat, or a pop or touch where nothing is.
  const isVain = edit.operations.length > 0 || (length === 0 && !expected);
  if (isVain && items.length + operations.length === 0) return KEEP;

  const from = Math.max(length - drop, 0);
  let { chunks, begin, tail } = head;
  const dropped: string[] = [];
  for await (const { name, chunk } of parts.walk(head, from)) {
    if (!chunk) throw incomplete();
    ({ chunks, begin } = chunk);
    tail = [...chunk.items, ...tail];
    dropped.push(parts.id(head, name));
  }
  const removed = tail.slice(from - begin);
  if (expected && !isDeepStrictEqual(removed, expected)) {
    throw new SessionError('CONFLICT', 'the suffix no longer matches what is expected');
  }
  const groups = grouped([...tail.slice(0, from - begin), ...items.map(({ item }) => item)]);
  tail = groups.pop() ?? [];
  if (!found && groups.length > 0) {
    return { head, created: [], dropped, added: 0, removed, isFirst: true };
  }

  // As the head does, all chunks live on from now, or at least for half a lifetime more.
  const until = now + 2 * lifetime;
  let partsUntil = Math.min(head.partsUntil ?? Infinity, until);
  if (partsUntil < now + 1.5 * lifetime) {
    await parts.renew({ ...head, chunks, begin });
    partsUntil = until;
  }

  // Whoever reads a head that no longer names these operations finds their markers, and `clear` those
  // that a chunk names: so they are seldom made without one.
  const few = groups.length > 0 ? MOST / 2 : 2 * MOST;
  const marked = head.operations.length > few ? head.operations : [];
  const created = new Map<string, Chunk>();
  for (const [n, group] of groups.entries()) {
    const name = newName();
    const noted = n === 0 ? marked : [];
    const chunk = { of, base: head.version, begin, chunks, items: group, operations: noted };
    created.set(parts.id(head, name), chunk);
    chunks = [...chunks, [begin, name] as const].slice(-NAMED);
    begin += group.length;
  }
  const markers = marked.map(
    (operation) => [parts.id(head, operation), { of, operation }] as const,
  );
  await parts.create([...markers, ...created]);

  const next: Head = {
    ...head,
    version: newName(),
    changedAt: drop + items.length > 0 ? now : head.changedAt,
    partsUntil: partsUntil === Infinity ? null : partsUntil,
    ...{ chunks, begin, tail },
    operations: [...head.operations.slice(marked.length), ...operations],
    hasMarkers: head.hasMarkers || marked.length > 0,
  };
  return { head: next, created: [...created.keys()], dropped, added: items.length, removed };
}
