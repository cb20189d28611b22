import { type Awaitable, type Backend, isPromise } from './backend.ts';
import type { Deadline } from './deadline.ts';
import { HISTORY_LENGTH, type SessionRecord } from './driver.ts';
import { isSessionError, SessionError } from './errors.ts';

const LONGEST_PAUSE = 250;

/** The record to put in place of the one found, `null` to destroy, `undefined` to leave it. */
export type Next = (
  found: SessionRecord<unknown> | null,
) => Awaitable<SessionRecord<unknown> | null | undefined>;

/**
 * A compare-and-swap loop. Reads the record, asks `next` what should follow, and puts that in its place; all again when
 * somebody else was faster. Whatever gets lost or repeated on the way, it is applied exactly once,
 * or an error says that nobody can tell. Resolves with what `next` answered.
 */
export async function compareAndSwap(
  backend: Backend,
  id: string,
  deadline: Deadline,
  next: Next,
): Promise<SessionRecord<unknown> | null | undefined> {
  const doubts: Doubt[] = [];
  for (let attempt = 0; ; attempt++) {
    const doubt = doubts.at(-1);
    let found: SessionRecord<unknown> | null;
    try {
      const answer = backend.get(id, deadline);
      found = isPromise(answer) ? await answer : answer;
    } catch (error) {
      if (!doubt) throw error;
      await pause(attempt, deadline);
      if (deadline.left <= 0 || backend.isClosed) throw doubt.error;
      continue;
    }
    // An earlier command may arrive as late as now.
    const applied = doubts.find(({ record }) => isAmong(record?.etag, found));
    if (applied) return applied.record;
    if (doubt && !doubt.settled) {
      const fate = fateOf(doubt, found);
      if (fate === 'unknown') throw doubt.error;
      if (fate === 'applied') return doubt.record;
      doubt.settled = true;
    }
    if (attempt > 0 && deadline.left <= 0) throw doubt?.error ?? conflict(id);

    const answer = next(found);
    const record = isPromise(answer) ? await answer : answer;
    if (record === undefined || (record === null && found === null)) return record;
    const command = { record, expected: found?.etag ?? null };
    const { done, lost } = await repeat(backend, id, deadline, command);
    if (done) return record;
    if (lost) doubts.push({ ...command, error: lost, settled: false });
    await pause(attempt, deadline);
    if (deadline.left <= 0) throw doubts.at(-1)?.error ?? conflict(id);
  }
}

function conflict(id: string): SessionError {
  return new SessionError('CONFLICT', 'others kept changing the session', { id });
}

/** A record to put, or `null` to delete, in place of the version with the etag `expected`. */
interface Command {
  readonly record: SessionRecord<unknown> | null;
  readonly expected: string | null;
}

/** A command that was refused in the end, after an earlier answer had been lost. */
interface Doubt extends Command {
  readonly error: SessionError;
  settled: boolean;
}

/**
 * Sends one command until its answer is known. Repeating it is safe, as a repeat is recognised by
 * its etag, and it is the shortest way to learn what became of the first. `lost` is the error
 * that came in place of an answer, if one did.
 */
async function repeat(
  backend: Backend,
  id: string,
  deadline: Deadline,
  { record, expected }: Command,
): Promise<{ done: boolean; lost?: SessionError }> {
  const shortest = deadline.left / 8;
  let lost: SessionError | undefined;
  for (let attempt = 0; ; attempt++) {
    const before = deadline.left;
    // A lost answer must leave time to ask again; what could not be sent at first has all that is left.
    const patience = before > shortest && (lost || attempt === 0) ? before / 2 : before;
    try {
      const answer = record
        ? backend.put(id, record, expected, deadline, patience)
        : backend.delete(id, expected ?? undefined, deadline, patience);
      const done = isPromise(answer) ? await answer : answer;
      return lost ? { done, lost } : { done };
    } catch (error) {
      const isLost = isSessionError(error) && error.outcome === 'unknown';
      if (isLost) lost ??= error;
      // What was not sent for want of patience may be, as there is time left.
      const isImpatient = before - deadline.left >= patience * 0.9;
      if (!lost && !(isImpatient && isTemporary(error))) throw error;
      await pause(attempt, deadline);
      if (deadline.left <= 0 || backend.isClosed) throw lost ?? error;
    }
  }
}

function isTemporary(error: unknown): boolean {
  return isSessionError(error, 'UNAVAILABLE') || isSessionError(error, 'TIMEOUT');
}

/** What became of a command that is not among the etags of the record found after it. */
function fateOf(
  { record, expected }: Command,
  found: SessionRecord<unknown> | null,
): 'applied' | 'not-applied' | 'unknown' {
  if (isAmong(expected, found)) return 'not-applied'; // somebody else's version came next
  if (found && found.history.length >= HISTORY_LENGTH) return 'unknown'; // it may be forgotten
  if (expected === null && found) return 'not-applied'; // somebody else created it
  // The session was destroyed since. A destroy has come true; a change may have been applied before.
  return record === null ? 'applied' : 'unknown';
}

function isAmong(etag: string | null | undefined, found: SessionRecord<unknown> | null): boolean {
  return !!etag && !!found && (found.etag === etag || found.history.includes(etag));
}

/** Waits a random moment, longer each time, so that those in conflict come apart. */
async function pause(attempt: number, deadline: Deadline): Promise<void> {
  const ms = Math.min(Math.random() * Math.min(LONGEST_PAUSE, 5 * 2 ** attempt), deadline.left);
  if (ms <= 0) return;
  deadline.start();
  await new Promise((resolve) => setTimeout(resolve, ms));
  deadline.stop();
}
