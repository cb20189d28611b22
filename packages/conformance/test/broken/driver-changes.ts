import { setImmediate } from 'node:timers/promises';
import { applyPut, HISTORY_LENGTH, type SessionRecord } from '@sessions/core';
import { ServerDriver } from '../fixtures/server.ts';
import { type Broken, brokenDriver, type Expected } from './broken.ts';

const REPEAT = 'a put that is repeated answers true and changes nothing';
const ONE_PUT = 'of many puts in place of one version, exactly one is applied';
const ONE_CHAIN = 'the etags of a long concurrent history form one chain';
const BLIND = 'put that expects undefined replaces what is there and adds it to the history';
const DELETE_ONE = 'delete that expects an etag removes that version and no other';

const ANY_CASE = 'etags that differ only in case are different etags';

function isAlike(one: string | undefined, other: string | undefined): boolean {
  return one?.toLowerCase() === other?.toLowerCase();
}

export const brokenDriverChanges: readonly Broken[] = [
  brokenDriver(
    'replaces where it should create',
    [
      'put that expects null creates, and replaces nothing',
      'updates that create one session at once are each applied exactly once',
    ],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        return applyPut(current, record, expected === null ? undefined : expected);
      }
    },
  ),
  brokenDriver(
    'does not compare etags',
    [
      'put that expects an etag replaces that version and no other',
      'updates of one session from two stores at once are each applied exactly once',
      'a long concurrent history has no forks',
      ONE_PUT,
      ONE_CHAIN,
    ],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        return applyPut(current, record, current && expected ? current.etag : expected);
      }
    },
  ),
  brokenDriver(
    'creates where it should replace',
    ['put that expects an etag replaces that version and no other'],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        return applyPut(current, record, current ? expected : null);
      }
    },
  ),
  brokenDriver(
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
  brokenDriver(
    'answers true to a delete of a version where there is nothing',
    [DELETE_ONE, 'of two updates at once that take and destroy, one finds nothing'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        return (await super.delete(id, expected)) || (await this.get(id)) === null;
      }
    },
  ),
  brokenDriver(
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
  brokenDriver(
    'starts the history anew where it replaces whatever is there',
    [BLIND],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        const next = applyPut(current, record, expected);
        return typeof next === 'object' && expected === undefined ? { ...next, history: [] } : next;
      }
    },
  ),
  brokenDriver(
    'lets the history grow',
    [BLIND],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        const next = applyPut(current, record, expected);
        if (typeof next !== 'object' || expected !== undefined || !current) return next;
        return { ...next, history: [current.etag, ...current.history] };
      }
    },
  ),
  brokenDriver(
    'keeps the lifetime of what it replaces',
    ['write and update renew a session'],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        const next = applyPut(current, record, expected);
        if (typeof next !== 'object' || !current) return next;
        return { ...next, expiresAt: current.expiresAt };
      }
    },
  ),
  brokenDriver(
    'takes a repeat for a conflict',
    [REPEAT],
    class extends ServerDriver {
      protected override decide(...args: Parameters<typeof applyPut<string>>) {
        const next = applyPut(...args);
        return next === 'repeat' ? 'conflict' : next;
      }
    },
  ),
  brokenDriver(
    'applies a repeat again',
    [REPEAT],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        const next = applyPut(current, record, expected);
        if (next !== 'repeat') return next;
        return {
          ...record,
          history: [current?.etag ?? '', ...record.history].slice(0, HISTORY_LENGTH),
        };
      }
    },
  ),
  brokenDriver(
    'knows a repeat only while it is the last',
    [REPEAT],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        return applyPut(current && { ...current, history: [] }, record, expected);
      }
    },
  ),
  brokenDriver(
    'answers false where nothing is left to delete',
    ['delete without an expected etag removes whatever is there'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        return (await this.get(id)) === null ? false : super.delete(id, expected);
      }
    },
  ),
  brokenDriver(
    'deletes nothing unless it is told what',
    ['delete without an expected etag removes whatever is there', 'a destroyed session is gone'],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        return expected === undefined ? true : super.delete(id, expected);
      }
    },
  ),
  brokenDriver(
    'deletes another version than is expected',
    [DELETE_ONE],
    class extends ServerDriver {
      override delete(id: string): Promise<boolean> {
        return super.delete(id, undefined);
      }
    },
  ),
  brokenDriver(
    'replaces by an etag in any case',
    [ANY_CASE],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        const isSame = !!expected && isAlike(current?.etag, expected);
        return applyPut(current, record, isSame ? current?.etag : expected);
      }
    },
  ),
  brokenDriver(
    'deletes by an etag in any case',
    [ANY_CASE],
    class extends ServerDriver {
      override async delete(id: string, expected: string | undefined): Promise<boolean> {
        const etag = expected && (await this.get(id))?.etag;
        return super.delete(id, isAlike(etag, expected) ? etag : expected);
      }
    },
  ),
  brokenDriver(
    'takes the current etag in any case for a repeat',
    [ANY_CASE],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        if (isAlike(current?.etag, record.etag)) return 'repeat';
        return applyPut(current, record, expected);
      }
    },
  ),
  brokenDriver(
    'takes a former etag in any case for a repeat',
    [ANY_CASE],
    class extends ServerDriver {
      protected override decide(
        ...[current, record, expected]: Parameters<typeof applyPut<string>>
      ) {
        if (current?.history.some((etag) => isAlike(etag, record.etag))) return 'repeat';
        return applyPut(current, record, expected);
      }
    },
  ),
];
