import assert from 'node:assert/strict';
import { hashId, isSessionError, type SessionError } from '@sessions/core';
import { MINUTE } from './clock.ts';
import { keepsSecrets, SECRET, SECRET_ID } from './errors.ts';
import { listed, operationsOnOne } from './operations.ts';
import { lastingStores, type Promised } from './promised.ts';
import { rejectsAs } from './rejection.ts';
import { sameJson } from './same-json.ts';

export const corruption: readonly Promised[] = [
  lastingStores('a corrupt record rejects as CORRUPT, and stays for repair', async (trial) => {
    const store = await trial.open();
    await store.write(SECRET_ID, { [SECRET]: SECRET });
    await trial.corrupt(SECRET_ID);
    const { destroy, ...others } = operationsOnOne;
    for (const round of ['', ' again']) {
      for (const [name, operation] of Object.entries(others)) {
        const what = `${name} of a corrupt record${round}`;
        const error = await rejectsAs('CORRUPT', what, () => operation(store, SECRET_ID));
        sameJson(error.idHash, hashId(SECRET_ID), `the idHash of the error from ${what}`);
        keepsSecrets(error);
      }
    }
    let called = false;
    const change = () => {
      called = true;
      return null;
    };
    await rejectsAs('CORRUPT', 'update to null', () => store.update(SECRET_ID, change));
    assert.ok(!called, 'update of a corrupt record should not call `change`');
    await rejectsAs('CORRUPT', 'read after all that', () => store.read(SECRET_ID));
    await store.close();
    const reopened = await trial.open();
    await rejectsAs('CORRUPT', 'read by a new store', () => reopened.read(SECRET_ID));
  }),

  lastingStores('listing goes on past a corrupt record and tells onWarning', async (trial) => {
    const { clock } = trial;
    const warnings: Error[] = [];
    const store = await trial.open({
      expiresIn: 60,
      now: clock.now,
      onWarning: (warning) => void warnings.push(warning),
    });
    for (const id of ['a', 'b', 'c']) await store.write(id, { id });
    clock.time += 30 * MINUTE;
    await store.write(SECRET_ID, { [SECRET]: SECRET });
    await trial.corrupt(SECRET_ID);
    const expected = ['a', 'b', 'c'].map((id) => ({ id }));
    warnings.splice(0); // opening the backend may have had its own to say
    const heard = (name: string) => {
      const codes = warnings.map((warning) => (isSessionError(warning) ? warning.code : warning));
      sameJson(codes, ['CORRUPT'], `what onWarning heard of ${name}`);
      keepsSecrets(warnings.pop() as SessionError);
    };
    const sessions = await store.all();
    sameJson(sessions.sort(byId), expected, 'all() with a corrupt record');
    heard('all()');
    const entries = await listed(store);
    sameJson(
      entries.map(([, session]) => session).sort(byId),
      expected,
      'entries with a corrupt record',
    );
    heard('entries');
    clock.time += 30 * MINUTE;
    sameJson(await store.prune(), 3, 'what prune counts besides a corrupt record');
    await rejectsAs('CORRUPT', 'read of a corrupt record after prune', () => store.read(SECRET_ID));
  }),

  lastingStores('what onWarning hears of a corrupt record tells whose it is', async (trial) => {
    const warnings: Error[] = [];
    const store = await trial.open({ onWarning: (warning) => void warnings.push(warning) });
    for (const id of ['a', SECRET_ID, 'b']) await store.write(id, { [SECRET]: SECRET });
    await trial.corrupt(SECRET_ID);
    for (const list of [() => store.all(), () => listed(store)]) {
      warnings.splice(0);
      await list();
      const hashes = warnings.map((warning) => (warning as SessionError).idHash ?? null);
      sameJson(hashes, [hashId(SECRET_ID)], 'the idHash of what onWarning heard of a listing');
    }
  }),

  lastingStores('clear leaves a corrupt record, and tells onWarning', async (trial) => {
    const warnings: Error[] = [];
    const store = await trial.open({ onWarning: (warning) => void warnings.push(warning) });
    for (const id of ['a', SECRET_ID, 'b']) await store.write(id, { [SECRET]: SECRET });
    await trial.corrupt(SECRET_ID);
    warnings.splice(0);
    sameJson(await store.clear(), 2, 'what clear counts besides a corrupt record');
    const codes = warnings.map((warning) => (isSessionError(warning) ? warning.code : warning));
    sameJson(codes, ['CORRUPT'], 'what onWarning heard of clear');
    keepsSecrets(warnings.pop() as SessionError);
    await rejectsAs('CORRUPT', 'read of a corrupt record after clear', () => store.read(SECRET_ID));
    sameJson(await listed(store), [], 'entries after clear');
  }),

  lastingStores('destroy removes a corrupt record', async (trial) => {
    const warnings: Error[] = [];
    const store = await trial.open({ onWarning: (warning) => void warnings.push(warning) });
    warnings.splice(0);
    await store.write('a', { n: 1 });
    await trial.corrupt('a');
    await store.destroy('a');
    sameJson(await store.read('a'), null, 'read after the corrupt record was destroyed');
    sameJson(await listed(store), [], 'entries after the corrupt record was destroyed');
    sameJson(warnings.map(String), [], 'what onWarning heard after that');
    await store.write('a', { n: 2 });
    sameJson(await store.read('a'), { n: 2 }, 'a session written in place of the corrupt record');
  }),
];

function byId(a: { id?: string }, b: { id?: string }): number {
  return String(a.id) < String(b.id) ? -1 : 1;
}
