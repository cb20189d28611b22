import assert from 'node:assert/strict';
import type { Session } from '@sessions/core';
import { listed } from './operations.ts';
import { everyStore, fullStores, type Promised } from './promised.ts';
import { sameJson } from './same-json.ts';

const pristine = (): Session => ({ n: 1, deep: { list: [{ n: 1 }] } });

/** Changes a session at every level, as code that has it in hand might. */
function spoil(session: Session | null | undefined): void {
  assert.ok(session, 'expected a session here');
  session.n = 'changed';
  session.added = true;
  session.deep.list[0].n = 'changed';
  session.deep.list.push('added');
}

export const isolation: readonly Promised[] = [
  everyStore('changing a session after it was written changes nothing stored', async (trial) => {
    const store = await trial.open();
    const session = pristine();
    await store.write('a', session);
    spoil(session);
    sameJson(await store.read('a'), pristine(), 'a session whose original was changed later');
  }),

  everyStore('changing a session that was read changes nothing stored', async (trial) => {
    const store = await trial.open();
    await store.write('a', pristine());
    const [one, two] = await Promise.all([store.read('a'), store.read('a')]);
    spoil(one);
    sameJson(two, pristine(), 'a session read at once with one that was changed');
    sameJson(await store.read('a'), pristine(), 'the session read again');
  }),

  everyStore('changing what all() gave changes nothing stored', async (trial) => {
    const store = await trial.open();
    await store.write('a', pristine());
    const sessions = await store.all();
    spoil(sessions[0]);
    sessions.pop();
    sameJson(await store.all(), [pristine()], 'all() again');
    sameJson(await store.read('a'), pristine(), 'the session read after that');
  }),

  fullStores('changing what entries gave changes nothing stored', async (trial) => {
    const store = await trial.open();
    await store.write('a', pristine());
    for await (const [, session] of store.entries()) spoil(session);
    sameJson(await listed(store), [['a', pristine()]], 'entries again');
    sameJson(await store.read('a'), pristine(), 'the session read after that');
  }),

  fullStores(
    'a session changed while its write is under way is stored as it was',
    async (trial) => {
      const store = await trial.open();
      const session = pristine();
      const writing = store.write('a', session);
      spoil(session);
      await writing;
      sameJson(await store.read('a'), pristine(), 'a session changed right after write was called');
    },
  ),

  fullStores(
    'changing what update gives to a change that fails changes nothing stored',
    async (trial) => {
      const store = await trial.open();
      await store.write('a', pristine());
      const failing = store.update('a', (session) => {
        spoil(session);
        throw new Error('the change failed');
      });
      await failing.catch(() => {});
      sameJson(await store.read('a'), pristine(), 'a session that a failing change had in hand');
    },
  ),

  fullStores(
    'changing what a change returned, or what update resolved with, changes nothing stored',
    async (trial) => {
      const store = await trial.open();
      const returned = pristine();
      const resolved = await store.update('a', () => returned);
      spoil(returned);
      sameJson(resolved, pristine(), 'what update resolved with, after its original was changed');
      sameJson(await store.read('a'), pristine(), 'the session whose original was changed');
      spoil(resolved);
      sameJson(await store.read('a'), pristine(), 'the session of which update gave a copy');
    },
  ),
];
