import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { type FullSessionStore, hashId, type SessionError } from '@sessions/core';
import { keepsSecrets, SECRET, SECRET_ID } from './errors.ts';
import { operations } from './operations.ts';
import { type Promised, remoteStores } from './promised.ts';
import { because, rejectsAs } from './rejection.ts';
import { asJson, sameJson } from './same-json.ts';
import type { Trial } from './trial.ts';

const TIMEOUT = 500;
const PROMISED = TIMEOUT + 100;
// For a busy machine, on top of what is promised.
const SLACK = 500;
const LONGEST_RETURN = 3000;
// In which what comes late arrives.
const LATE = 250;

const IDS = ['a', 'b', 'c'];
const GIVEN_UP = 'a call that was given up';
const REFUSE = 'a command should carry its deadline, or the etag that it expects';

export const interruption: readonly Promised[] = [
  remoteStores('while the backend is away every operation rejects in time', async (trial) => {
    const store = await trial.open({ timeout: TIMEOUT });
    const unused = await trial.openUninitialised({ timeout: TIMEOUT });
    const closing = await trial.open({ timeout: TIMEOUT });
    await whileAway(trial, async () => {
      const calls = Object.entries(operations).map(([name, operation]) =>
        rejectsInTime(name, SECRET_ID + name, (id) => operation(store, id)),
      );
      const inLine = ['first', 'second', 'third'].map((name) =>
        rejectsInTime(`the ${name} update in line`, SECRET_ID, (id) =>
          store.update(id, () => ({ [SECRET]: SECRET })),
        ),
      );
      await Promise.all([
        ...calls,
        ...inLine,
        rejectsInTime('init', SECRET_ID, () => unused.init()),
        rejectsInTime('read before init', SECRET_ID, (id) => unused.read(id)),
        rejectsAs('INVALID_ID', 'read with an invalid id', () => store.read('')),
        inTime(
          'close',
          closing.close().catch(() => {}),
        ),
      ]);
    });
  }),

  remoteStores(
    'once the backend is back the store works again, and what it holds is true',
    async (trial) => {
      const store = await trial.open({ timeout: TIMEOUT });
      const names = Object.keys(operations);
      for (const name of names) await store.write(name, { old: true });
      await whileAway(trial, async () => {
        await Promise.allSettled(names.map((name) => operations[name]?.(store, name)));
      });
      await worksAgain(store);
      const possible: Record<string, unknown[]> = {
        write: [{ old: true }, { n: 1 }],
        update: [{ old: true }, { old: true, n: 1 }],
        destroy: [{ old: true }, null],
      };
      for (const name of names) {
        const session = await store.read(name);
        const candidates = possible[name] ?? [{ old: true }];
        assert.ok(
          candidates.some((each) => JSON.stringify(each) === JSON.stringify(session)),
          `a session after ${name} failed is neither old nor new, but ${JSON.stringify(session)}`,
        );
      }
      await store.update('read', (session) => ({ ...session, n: 1 }));
      sameJson(await store.read('read'), { old: true, n: 1 }, 'a session updated after that');
    },
  ),

  remoteStores('init may be called again after it failed', async (trial) => {
    const store = await trial.openUninitialised({ timeout: TIMEOUT });
    await whileAway(trial, async () => {
      await rejectsAs(['UNAVAILABLE', 'TIMEOUT'], 'init', () => store.init());
    });
    await worksAgain(store);
    assert.ok((await store.init()) === store, 'init should resolve with the store itself');
    await store.write('a', { n: 1 });
    sameJson(await store.read('a'), { n: 1 }, 'a session written after init failed once');
  }),

  remoteStores('a write that was given up does not overwrite a later one', async (trial) => {
    const store = await trial.open({ timeout: TIMEOUT });
    // At once, so that a pool has a connection for each of the calls that follow.
    await Promise.all(IDS.map((id) => store.write(id, { old: true })));
    await comesTooLate(trial, () => [
      store.write('a', { stale: true }),
      store.write('b', { stale: true }),
      store.destroy('c'),
    ]);
  }),

  remoteStores('an update that was given up does not overwrite a later write', async (trial) => {
    const store = await trial.open({ timeout: TIMEOUT });
    for (const id of IDS) await store.write(id, { old: true });
    let go = () => {};
    const isAway = new Promise<void>((resolve) => {
      go = resolve;
    });
    // They have read by then, so that all they have left to do is write.
    const updates: Promise<unknown>[] = [];
    const changing = IDS.map(
      (id) =>
        new Promise<void>((resolve, reject) => {
          const update = store.update(id, async () => {
            resolve();
            await isAway;
            return id === 'c' ? null : { stale: true };
          });
          update.catch(reject);
          updates.push(update);
        }),
    );
    await Promise.all(changing);
    await comesTooLate(trial, () => {
      go();
      return updates;
    });
  }),
];

/**
 * Fails if these calls, which change `a`, `b` and `c` and are given up while the backend is away,
 * change anything later, when others have written `a` and `c`, and destroyed `b`.
 */
async function comesTooLate(trial: Trial, calls: () => Promise<unknown>[]): Promise<void> {
  const { restore, deliver } = await trial.interrupt();
  try {
    await Promise.allSettled(calls());
  } finally {
    await restore();
  }
  // A new one: the connections of the first wait for what is held back.
  const late = await trial.openUninitialised({ timeout: TIMEOUT });
  await worksAgain(late);

  // Where nothing is held back, a call may have come through in time and only its answer got lost.
  const before = deliver ? { old: true } : undefined;
  const found = await Promise.all(IDS.map(async (id) => before ?? (await late.read(id))));
  await pause(LATE);
  for (const [n, id] of IDS.entries()) {
    sameJson(
      await late.read(id),
      found[n],
      `a session since the backend is back, changed by ${GIVEN_UP} before`,
    );
  }

  await late.write('a', { new: true });
  await late.destroy('b');
  await late.write('c', { new: true });
  await deliver?.();
  await pause(LATE);
  const how = deliver ? `, which the backend received after that: ${REFUSE}` : '';
  sameJson(await late.read('a'), { new: true }, `a session written after ${GIVEN_UP}${how}`);
  sameJson(await late.read('b'), null, `a session destroyed after ${GIVEN_UP}${how}`);
  sameJson(await late.read('c'), { new: true }, `a session written after ${GIVEN_UP}${how}`);
}

async function whileAway(trial: Trial, body: () => Promise<void>): Promise<void> {
  const { restore, deliver } = await trial.interrupt();
  try {
    await body();
  } finally {
    await restore();
    await deliver?.();
  }
}

async function rejectsInTime(
  name: string,
  id: string,
  call: (id: string) => Promise<unknown>,
): Promise<void> {
  const rejecting = rejectsAs(['UNAVAILABLE', 'TIMEOUT'], `${name}, the backend away,`, () =>
    call(id),
  );
  const error: SessionError = await inTime(name, rejecting);
  if (error.idHash !== undefined) sameJson(error.idHash, hashId(id), `the idHash of ${error}`);
  assert.ok(
    error.outcome === 'not-applied' || error.outcome === 'unknown',
    `the outcome of ${error} is ${asJson(error.outcome)}`,
  );
  keepsSecrets(error);
}

async function inTime<T>(name: string, promise: Promise<T>): Promise<T> {
  const given = new AbortController();
  const late = async (): Promise<never> => {
    await pause(PROMISED + SLACK, undefined, { signal: given.signal });
    assert.fail(
      `${name} should settle within ${PROMISED} ms when the timeout is ${TIMEOUT} and the backend ` +
        `is away; it had not after ${PROMISED + SLACK}`,
    );
  };
  try {
    return await Promise.race([promise, late()]);
  } finally {
    given.abort();
  }
}

/** Waits until a client that lost its backend has found it again. */
async function worksAgain(store: FullSessionStore): Promise<void> {
  const end = performance.now() + LONGEST_RETURN;
  for (;;) {
    try {
      await store.read('a');
      return;
    } catch (error) {
      if (performance.now() > end) {
        throw because(error, `read still rejects ${LONGEST_RETURN} ms after the backend came back`);
      }
    }
    await pause(20);
  }
}
