import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  applyPut,
  type DriverEntry,
  HISTORY_LENGTH,
  isSessionError,
  type SessionRecord,
} from '@sessions/core';
import { PruningDriver, ServerDriver } from '../fixtures/server.ts';
import { type Broken, brokenDriver as broken } from './broken.ts';

type Expected = string | null | undefined;

const REPEAT = 'a put that is repeated answers true and changes nothing';
const WHOLE = 'a record comes back whole from get and entries';
const ONE_PUT = 'of many puts in place of one version, exactly one is applied';
const ONE_CHAIN = 'the etags of a long concurrent history form one chain';
const BLIND = 'put that expects undefined replaces what is there and adds it to the history';
const DELETE_ONE = 'delete that expects an etag removes that version and no other';
const PAST_CORRUPT = 'listing goes on past a corrupt record and tells onWarning';
const PRUNE = 'prune removes what has expired, counts it, and leaves the rest';
const LATE = 'a write that was given up does not overwrite a later one';
const LATE_UPDATE = 'an update that was given up does not overwrite a later write';
const PUT_CORRUPT = 'put replaces no corrupt record, whatever it expects';
const DELETE_CORRUPT =
  'delete that expects an etag leaves a corrupt record, unless that is its etag';

/** Takes nobody's word for how long a command may take. */
class TimelessDriver extends ServerDriver {
  override put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
    return super.put(id, record, expected);
  }

  override delete(id: string, expected: string | undefined): Promise<boolean> {
    return super.delete(id, expected);
  }
}

export const brokenDrivers: readonly Broken[] = [
  broken(
    'gives undefined for an absent record',
    ['get answers null for an absent record'],
    class extends ServerDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        return (await super.get(id)) ?? (undefined as unknown as null);
      }
    },
  ),
  broken(
    'forgets the history',
    [WHOLE, ONE_CHAIN],
    class extends ServerDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        const record = await super.get(id);
        return record && { ...record, history: [] };
      }
    },
  ),
  broken(
    'rounds expiresAt to seconds',
    [WHOLE],
    class extends ServerDriver {
      override put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const expiresAt = record.expiresAt && Math.floor(record.expiresAt / 1000) * 1000 + 999;
        return super.put(id, { ...record, expiresAt }, expected);
      }
    },
  ),
  broken(
    'keeps "never" as 0',
    [WHOLE, 'a lifetime of Infinity never ends'],
    class extends ServerDriver {
      override put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        return super.put(id, { ...record, expiresAt: Number(record.expiresAt) }, expected);
      }
    },
  ),
  broken(
    'keeps expiresAt as 32 bits of seconds',
    ['the clock may jump a thousand years either way'],
    class extends ServerDriver {
      override put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const expiresAt = record.expiresAt && ((record.expiresAt / 1000) | 0) * 1000;
        return super.put(id, { ...record, expiresAt }, expected);
      }
    },
  ),
  broken(
    'lists nothing but a first page',
    ['entries gives every record once'],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        let given = 0;
        for await (const entry of super.entries()) {
          if (given++ < 100) yield entry;
        }
      }
    },
  ),
  broken(
    'lists records twice',
    ['entries gives every record once', 'all() gives every session once'],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          yield entry;
          yield entry;
        }
      }
    },
  ),

  broken(
    'replaces where it should create',
    [
      'put that expects null creates, and replaces nothing',
      'updates that create one session at once are each applied exactly once',
    ],
    class extends ServerDriver {
      protected override decide(...[current, record, expected]: Parameters<typeof applyPut>) {
        return applyPut(current, record, expected === null ? undefined : expected);
      }
    },
  ),
  broken(
    'does not compare etags',
    [
      'put that expects an etag replaces that version and no other',
      'updates of one session from two stores at once are each applied exactly once',
      'a long concurrent history has no forks',
      ONE_PUT,
      ONE_CHAIN,
    ],
    class extends ServerDriver {
      protected override decide(...[current, record, expected]: Parameters<typeof applyPut>) {
        return applyPut(current, record, current && expected ? current.etag : expected);
      }
    },
  ),
  broken(
    'creates where it should replace',
    ['put that expects an etag replaces that version and no other'],
    class extends ServerDriver {
      protected override decide(...[current, record, expected]: Parameters<typeof applyPut>) {
        return applyPut(current, record, current ? expected : null);
      }
    },
  ),
  broken(
    'compares, and writes a moment later',
    [
      ONE_PUT,
      ONE_CHAIN,
      'updates of one session from two stores at once are each applied exactly once',
      'updates that create one session at once are each applied exactly once',
    ],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const next = applyPut(await this.get(id), record, expected);
        if (next === 'repeat' || next === 'conflict') return next === 'repeat';
        await setImmediate();
        await this.server.call(() => this.server.texts.set(id, JSON.stringify(next)));
        return true;
      }
    },
  ),
  broken(
    'answers true to a delete of a version where there is nothing',
    [DELETE_ONE, 'of two updates at once that take and destroy, one finds nothing'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        return (await super.delete(id, expected)) || (await this.get(id)) === null;
      }
    },
  ),
  broken(
    'compares, and deletes a moment later',
    ['of a put and a delete in place of one version, exactly one is applied'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        const current = expected === undefined ? null : await this.get(id);
        if (expected !== undefined && current?.etag !== expected) return false;
        return super.delete(id, undefined);
      }
    },
  ),
  broken(
    'starts the history anew where it replaces whatever is there',
    [BLIND],
    class extends ServerDriver {
      protected override decide(...[current, record, expected]: Parameters<typeof applyPut>) {
        const next = applyPut(current, record, expected);
        return typeof next === 'object' && expected === undefined ? { ...next, history: [] } : next;
      }
    },
  ),
  broken(
    'lets the history grow',
    [BLIND],
    class extends ServerDriver {
      protected override decide(...[current, record, expected]: Parameters<typeof applyPut>) {
        const next = applyPut(current, record, expected);
        if (typeof next !== 'object' || expected !== undefined || !current) return next;
        return { ...next, history: [current.etag, ...current.history] };
      }
    },
  ),
  broken(
    'keeps the lifetime of what it replaces',
    ['write and update renew a session'],
    class extends ServerDriver {
      protected override decide(...[current, record, expected]: Parameters<typeof applyPut>) {
        const next = applyPut(current, record, expected);
        if (typeof next !== 'object' || !current) return next;
        return { ...next, expiresAt: current.expiresAt };
      }
    },
  ),
  broken(
    'takes a repeat for a conflict',
    [REPEAT],
    class extends ServerDriver {
      protected override decide(...args: Parameters<typeof applyPut>) {
        const next = applyPut(...args);
        return next === 'repeat' ? 'conflict' : next;
      }
    },
  ),
  broken(
    'applies a repeat again',
    [REPEAT],
    class extends ServerDriver {
      protected override decide(...[current, record, expected]: Parameters<typeof applyPut>) {
        const next = applyPut(current, record, expected);
        if (next !== 'repeat') return next;
        return {
          ...record,
          history: [current?.etag ?? '', ...record.history].slice(0, HISTORY_LENGTH),
        };
      }
    },
  ),
  broken(
    'knows a repeat only while it is the last',
    [REPEAT],
    class extends ServerDriver {
      protected override decide(...[current, record, expected]: Parameters<typeof applyPut>) {
        return applyPut(current && { ...current, history: [] }, record, expected);
      }
    },
  ),
  broken(
    'answers false where nothing is left to delete',
    ['delete without an expected etag removes whatever is there'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        return (await this.get(id)) === null ? false : super.delete(id, expected);
      }
    },
  ),
  broken(
    'deletes nothing unless it is told what',
    ['delete without an expected etag removes whatever is there', 'a destroyed session is gone'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        return expected === undefined ? true : super.delete(id, expected);
      }
    },
  ),
  broken(
    'deletes another version than is expected',
    [DELETE_ONE],
    class extends ServerDriver {
      override delete(id: string): Promise<boolean> {
        return super.delete(id, undefined);
      }
    },
  ),

  broken(
    'starts empty when it is opened',
    ['what was written is there when the store is opened again'],
    class extends ServerDriver {
      override open(): void {
        this.server.texts.clear();
      }
    },
  ),
  broken(
    'writes when it is closed',
    ['what was written is there when the store is opened again'],
    class extends ServerDriver {
      readonly #unwritten = new Map<string, string>();
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const isDone = await super.put(id, record, expected);
        this.#unwritten.set(id, this.server.texts.get(id) ?? '');
        return isDone;
      }
      close(): void {
        for (const id of this.#unwritten.keys()) this.server.texts.delete(id);
      }
    },
  ),
  broken(
    'starts all lifetimes anew when it is opened',
    ['lifetimes go on while the store is closed'],
    class extends ServerDriver {
      override open(): void {
        for (const [id, text] of this.server.texts) {
          const record = JSON.parse(text);
          this.server.texts.set(id, JSON.stringify({ ...record, expiresAt: null }));
        }
      }
    },
  ),

  broken(
    'deletes a corrupt record that it meets',
    ['a corrupt record rejects as CORRUPT, and stays for repair'],
    class extends ServerDriver {
      override async get(id: string): Promise<SessionRecord | null> {
        try {
          return await super.get(id);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) await this.delete(id, undefined);
          throw error;
        }
      }
    },
  ),
  broken(
    'throws what JSON.parse throws for a corrupt record',
    ['a corrupt record rejects as CORRUPT, and stays for repair'],
    class extends ServerDriver {
      protected override found(id: string): SessionRecord | null {
        return JSON.parse(this.server.texts.get(id) ?? 'null');
      }
    },
  ),
  broken(
    'stops listing at a corrupt record',
    [PAST_CORRUPT],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          if (entry instanceof Error) throw entry;
          yield entry;
        }
      }
    },
  ),
  broken(
    'leaves corrupt records out of the list',
    [PAST_CORRUPT],
    class extends ServerDriver {
      override async *entries(): AsyncGenerator<DriverEntry> {
        for await (const entry of super.entries()) {
          if (!(entry instanceof Error)) yield entry;
        }
      }
    },
  ),
  broken(
    'reads before it deletes',
    ['destroy removes a corrupt record'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        await this.get(id);
        return super.delete(id, expected);
      }
    },
  ),

  broken(
    'replaces a corrupt record by its etag',
    [PUT_CORRUPT],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const text = this.server.texts.get(id);
        if (expected && text?.includes(expected) && !text.endsWith('}')) {
          await this.delete(id, undefined);
          return super.put(id, record, null);
        }
        return super.put(id, record, expected);
      }
    },
  ),
  broken(
    'creates where a corrupt record is',
    [PUT_CORRUPT],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        if (expected === null) await this.#makeRoom(id);
        return super.put(id, record, expected);
      }
      async #makeRoom(id: string): Promise<void> {
        try {
          await this.get(id);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) await this.delete(id, undefined);
        }
      }
    },
  ),
  broken(
    'answers false where it should reject, as a corrupt record is there',
    [PUT_CORRUPT],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        try {
          return await super.put(id, record, expected);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) return false;
          throw error;
        }
      }
    },
  ),
  broken(
    'deletes a corrupt record, whatever is expected',
    [DELETE_CORRUPT],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        try {
          return await super.delete(id, expected);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) return super.delete(id, undefined);
          throw error;
        }
      }
    },
  ),
  broken(
    'says that it has deleted a corrupt record',
    [DELETE_CORRUPT],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        try {
          return await super.delete(id, expected);
        } catch (error) {
          if (isSessionError(error, 'CORRUPT')) return true;
          throw error;
        }
      }
    },
  ),

  broken(
    'shows the command in its errors, as some clients do',
    ['while the backend is away every operation rejects in time'],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        try {
          return await super.put(id, record, expected);
        } catch (error) {
          throw Object.assign(error as Error, { command: ['SET', id, JSON.stringify(record)] });
        }
      }
    },
  ),
  broken(
    'keeps writes for when the backend is back',
    [LATE],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        while (this.server.state !== 'up') await setTimeout(50);
        await setTimeout(50);
        return super.put(id, record, expected);
      }
    },
  ),
  broken('lets the server apply what was given up long ago', [LATE], TimelessDriver, 'held'),
  broken(
    'lets the server apply destroys that were given up',
    [LATE],
    class extends ServerDriver {
      override delete(id: string, expected: string | undefined): Promise<boolean> {
        return super.delete(id, expected);
      }
    },
    'held',
  ),
  broken(
    'compares etags before it sends the command',
    [LATE_UPDATE],
    class extends TimelessDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        if (this.server.state === 'up') return super.put(id, record, expected);
        return super.put(id, record, undefined);
      }
    },
    'held',
  ),
  broken(
    'deletes by etag what has another by the time the server looks',
    [LATE_UPDATE],
    class extends TimelessDriver {
      override delete(id: string, expected: string | undefined): Promise<boolean> {
        return super.delete(id, this.server.state === 'up' ? expected : undefined);
      }
    },
    'held',
  ),
  broken(
    'tries updates again when the backend is back',
    [LATE_UPDATE],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        while (this.server.state !== 'up') await setTimeout(50);
        await setTimeout(50);
        return super.put(id, record, expected);
      }
    },
  ),
  broken(
    'prunes a millisecond too late',
    [PRUNE],
    class extends PruningDriver {
      override prune(now: number): Promise<number> {
        return super.prune(now - 1);
      }
    },
  ),
  broken(
    'prunes a millisecond too early',
    [PRUNE],
    class extends PruningDriver {
      override prune(now: number): Promise<number> {
        return super.prune(now + 1);
      }
    },
  ),
  broken(
    'prunes all there is, if anything has expired',
    [PRUNE],
    class extends PruningDriver {
      #isAny = false;

      protected override isDue(text: string, now: number): boolean {
        this.#isAny ||= super.isDue(text, now);
        return this.#isAny;
      }
    },
  ),
  broken(
    'prunes, and does not say how many',
    [PRUNE],
    class extends PruningDriver {
      override async prune(now: number): Promise<number> {
        while ((await super.prune(now)) > 0);
        return 0;
      }
    },
  ),
];
