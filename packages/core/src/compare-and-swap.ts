import { type Awaitable, when } from './awaitable.ts';
import type { Backend } from './backend.ts';
import type { Deadline } from './deadline.ts';
import { HISTORY_LENGTH, type SessionRecord } from './driver.ts';
import { isSessionError, SessionError } from './errors.ts';

const LONGEST_PAUSE = 250;

export type MaybeRecord = SessionRecord<unknown> | null;

/** The record to put in place of the one found, `null` to destroy it, or itself to leave it. */
export type Next = (found: MaybeRecord) => Awaitable<MaybeRecord>;

/**
 * Reads the record, asks `next` what should follow, and puts that in its place; all again when
 * somebody else was faster. Whatever gets lost or repeated on the way, it is applied exactly once,
 * or an error says that nobody can tell. Answers what `next` answered, at once where nothing has
 * to be waited for.
 */
export function compareAndSwap(
  backend: Backend,
  id: string,
  deadline: Deadline,
  next: Next,
): Awaitable<MaybeRecord> {
  return when(backend.get(id, deadline), (found) =>
    when(next(found), (record) => {
      if (record === found) return record;
      const command = { record, expected: found?.etag };
      const sent = send(backend, id, deadline, command, deadline.left / 2);
      return sent === true ? record : loop(backend, id, deadline, next, command, sent);
    }),
  );
}

/** Goes on from the first command, which has been sent. */
async function loop(
  backend: Backend,
  id: string,
  deadline: Deadline,
  next: Next,
  command: Command,
  sent: Awaitable<boolean> | undefined,
): Promise<MaybeRecord> {
  const doubts: Doubt[] = [];
  for (let attempt = 0; ; attempt++) {
    const { done, lost } = await repeat(backend, id, deadline, command, sent);
    if (done) return command.record;
    if (lost) doubts.push({ ...command, error: lost });
    const doubt = doubts.at(-1);
    let found: MaybeRecord | undefined;
    while (found === undefined) {
      await pause(attempt, deadline);
      if (deadline.left <= 0) throw doubt?.error ?? conflict(id);
      try {
        found = await backend.get(id, deadline);
      } catch (error) {
        if (!doubt) throw error;
        if (backend.isClosed) throw doubt.error;
        attempt++;
      }
    }
    // An earlier command may arrive as late as now.
    for (const { record } of doubts) if (isAmong(record?.etag, found)) return record;
    if (doubt && !doubt.settled) {
      const fate = fateOf(doubt, found);
      if (fate === 'unknown') throw doubt.error;
      if (fate === 'applied') return doubt.record;
      doubt.settled = true;
    }
    if (deadline.left <= 0) throw doubt?.error ?? conflict(id);
    const record = await next(found);
    if (record === found) return record;
    command = { record, expected: found?.etag };
    sent = undefined;
  }
}

function conflict(id: string): SessionError {
  return new SessionError('CONFLICT', 'others kept changing the session', { id });
}

/** A record to put, or `null` to delete, in place of the version with the etag `expected`, or of none. */
interface Command {
  readonly record: MaybeRecord;
  readonly expected: string | undefined;
}

/** A command that was refused in the end, after an earlier answer had been lost. */
interface Doubt extends Command {
  readonly error: SessionError;
  settled?: true;
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
  command: Command,
  sent: Awaitable<boolean> | undefined,
): Promise<{ done: boolean; lost: SessionError | undefined }> {
  const shortest = deadline.left / 8;
  let lost: SessionError | undefined;
  for (let attempt = 0; ; attempt++) {
    const before = deadline.left;
    // A lost answer must leave time to ask again; what could not be sent at first has all that is left.
    const patience = before > shortest && (lost || attempt === 0) ? before / 2 : before;
    try {
      const answer = sent ?? send(backend, id, deadline, command, patience);
      sent = undefined;
      const done = await answer;
      return { done, lost };
    } catch (error) {
      const isLost = isSessionError(error) && error.outcome === 'unknown';
      if (isLost) lost ??= error;
      // What was not sent for want of patience may be, as there is time left.
      const isTemporary = isSessionError(error, 'UNAVAILABLE') || isSessionError(error, 'TIMEOUT');
      if (!lost && !(isTemporary && before - deadline.left >= patience * 0.9)) throw error;
      await pause(attempt, deadline);
      if (deadline.left <= 0 || backend.isClosed) throw lost ?? error;
    }
  }
}

function send(
  backend: Backend,
  id: string,
  deadline: Deadline,
  { record, expected }: Command,
  patience: number,
): Awaitable<boolean> {
  return record
    ? backend.put(id, record, expected ?? null, deadline, patience)
    : backend.delete(id, expected, deadline, patience);
}

/** What became of a command that is not among the etags of the record found after it, if anything. */
function fateOf(
  { record, expected }: Command,
  found: MaybeRecord,
): 'applied' | 'unknown' | undefined {
  if (isAmong(expected, found)) return undefined; // somebody else's version came next
  if (found && found.history.length >= HISTORY_LENGTH) return 'unknown'; // it may be forgotten
  if (!expected && found) return undefined; // somebody else created it
  // The session was destroyed since. A destroy has come true; a change may have been applied before.
  return record === null ? 'applied' : 'unknown';
}

function isAmong(etag: string | undefined, found: MaybeRecord): boolean {
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
