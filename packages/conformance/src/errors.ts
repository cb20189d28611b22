import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { hashId, type SessionError } from '@sessions/core';
import { fullStores, type Promised } from './promised.ts';
import { rejectsAs } from './rejection.ts';
import { sameJson } from './same-json.ts';

/** An id, and what a session may hold, that must not turn up in a log. */
export const SECRET_ID = 'telegram:secret-id';
export const SECRET = 'secret-data';

export const errors: readonly Promised[] = [
  fullStores(
    'an error carries the hash of the id, and neither the id nor the session',
    async (trial) => {
      const store = await trial.open();
      const narrow = await trial.open({ maxSessionBytes: 100 });
      const cycle: Record<string, unknown> = { [SECRET]: SECRET };
      cycle.self = cycle;
      const invalid = await rejectsAs('INVALID_SESSION', 'write of a cycle', () =>
        store.write(SECRET_ID, cycle),
      );
      const tooLarge = await rejectsAs('TOO_LARGE', 'update to a large session', () =>
        narrow.update(SECRET_ID, () => ({ [SECRET]: SECRET.repeat(100) })),
      );
      for (const error of [invalid, tooLarge]) {
        sameJson(error.idHash, hashId(SECRET_ID), `the idHash of ${error}`);
        sameJson(error.outcome, 'not-applied', `the outcome of ${error}`);
        keepsSecrets(error);
      }
      keepsSecrets(
        await rejectsAs('INVALID_ID', 'read of a long id', () => store.read(SECRET_ID.repeat(100))),
      );
      await store.close();
      keepsSecrets(await rejectsAs('CLOSED', 'read after close', () => store.read(SECRET_ID)));
    },
  ),
];

/** Fails if a log of this error would show the id or the session. */
export function keepsSecrets(error: SessionError): void {
  const shown = [
    error.message,
    error.stack,
    JSON.stringify(error),
    inspect(error, { depth: Infinity, showHidden: true, maxStringLength: null }),
  ].join('\n');
  for (const secret of [SECRET_ID, SECRET]) {
    const line = shown.split('\n').find((each) => each.includes(secret));
    assert.ok(line === undefined, `an error with code ${error.code} shows ${secret}: ${line}`);
  }
}
