import assert from 'node:assert/strict';
import { type FullSessionStore, hashId, isSessionError, type SessionError } from '@sessions/core';
import { AWAY, inTheEnd, inTime, openHasty, TIMEOUT, whileAway, worksAgain } from './away.ts';
import { keepsSecrets, SECRET, SECRET_ID } from './errors.ts';
import { operations } from './operations.ts';
import { hostStores, type Promised, remoteStores, sharedStores } from './promised.ts';
import { rejectsAs } from './rejection.ts';
import { asJson, sameJson } from './same-json.ts';

const NAMES = Object.keys(operations);

export const interruption: readonly Promised[] = [
  remoteStores('while the backend is away every operation rejects in time', async (trial) => {
    const store = await openHasty(trial);
    const unused = await trial.openUninitialised({ timeout: TIMEOUT });
    const closing = await openHasty(trial);
    await whileAway(trial, async () => {
      await Promise.all([
        ...allOperations(store).map(([name, id, call]) => rejectsInTime(name, id, call)),
        rejectsInTime('init', SECRET_ID, () => unused.init()),
        rejectsInTime('read before init', SECRET_ID, () => unused.read(SECRET_ID)),
        rejectsAs('INVALID_ID', 'read with an invalid id', () => store.read('')),
        closesInTime(closing),
      ]);
    });
  }),

  // A folder that was moved is there for who has it open; a lock keeps nobody from reading.
  hostStores(
    'while the backend is away every operation settles in time, truly or as an error',
    async (trial) => {
      const store = await openHasty(trial);
      const unused = await trial.openUninitialised({ timeout: TIMEOUT });
      const closing = await openHasty(trial);
      for (const name of NAMES) {
        await inTheEnd('write', () => store.write(SECRET_ID + name, { name }));
      }
      await whileAway(trial, async () => {
        await Promise.all([
          ...allOperations(store).map(async ([name, id, call]) => {
            const answer = await settlesInTime(name, id, call);
            if (!answer || !(name in TRUTHS)) return;
            const what = `what ${name} resolves with, the backend away`;
            sameJson(ofUnchanged(answer.value), TRUTHS[name], what);
          }),
          rejectsAs('INVALID_ID', 'read with an invalid id', () => store.read('')),
          closesInTime(closing),
        ]);
        // Afterwards, as it may make a new folder in place of the one that was moved.
        await settlesInTime('init', SECRET_ID, () => unused.init());
      });
    },
  ),

  sharedStores(
    'once the backend is back the store works again, and what it holds is true',
    async (trial) => {
      const store = await openHasty(trial);
      for (const name of NAMES) await inTheEnd('write', () => store.write(name, { old: true }));
      const outcomes: Record<string, Outcome> = {};
      await whileAway(trial, async () => {
        const call = async (name: string) => operations[name]?.(store, name);
        await Promise.all(
          NAMES.map(async (name) => {
            outcomes[name] = await outcomeOf(call(name));
          }),
        );
      });
      await worksAgain(store);
      const changed: Record<string, object | null> = {
        write: { n: 1 },
        update: { old: true, n: 1 },
        destroy: null,
        clear: null,
      };
      for (const name of NAMES) {
        const [before, after] = [{ old: true }, changed[name]];
        const outcome = outcomes[name] ?? 'unknown';
        const possible = [];
        if (after === undefined || outcome !== 'applied') possible.push(before);
        if (after !== undefined && outcome !== 'not-applied') possible.push(after);
        const session = asJson(await inTheEnd('read', () => store.read(name)));
        assert.ok(
          possible.some((each) => JSON.stringify(each) === JSON.stringify(session)),
          `a session after ${name}, the backend away, which was ${outcome}: expected ` +
            `${possible.map((each) => JSON.stringify(each)).join(' or ')}, ` +
            `got ${JSON.stringify(session)}`,
        );
      }
      const updating = () => store.update('read', (session) => ({ ...session, n: 1 }));
      const updated = await inTheEnd('update', updating);
      sameJson(updated, { old: true, n: 1 }, 'a session updated after that');
    },
  ),

  sharedStores('init may be called again after it failed', async (trial) => {
    const store = await trial.openUninitialised({ timeout: TIMEOUT });
    let isOpen = false;
    await whileAway(trial, async () => {
      if (trial.isRemote) await rejectsAs(AWAY, 'init', () => store.init());
      else isOpen = !!(await settlesInTime('init', SECRET_ID, () => store.init()));
    });
    if (isOpen) return; // on a new folder in place of the one that was moved, perhaps
    await worksAgain(store);
    assert.ok((await store.init()) === store, 'init should resolve with the store itself');
    await inTheEnd('write', () => store.write('a', { n: 1 }));
    const session = await inTheEnd('read', () => store.read('a'));
    sameJson(session, { n: 1 }, 'a session written after init failed once');
  }),
];

type Call = [name: string, id: string, call: () => Promise<unknown>];

/** Every operation, on an id of its own, and three that have to wait for each other. */
function allOperations(store: FullSessionStore): Call[] {
  const calls = Object.entries(operations).map(([name, operation]): Call => {
    const id = SECRET_ID + name;
    return [name, id, () => operation(store, id)];
  });
  const inLine = ['first', 'second', 'third'].map((which): Call => {
    const change = () => ({ [SECRET]: SECRET });
    return [`the ${which} update in line`, SECRET_ID, () => store.update(SECRET_ID, change)];
  });
  return [...calls, ...inLine];
}

const UNCHANGED = ['all', 'entries', 'ids', 'prune', 'read', 'readVersion', 'touch', 'versions'];

/** What operations resolve with, if they do, where each has a session with its own name. */
const TRUTHS: Readonly<Record<string, unknown>> = {
  read: { name: 'read' },
  update: { name: 'update', n: 1 },
  touch: true,
  prune: 0,
  clear: 1,
  all: UNCHANGED.map((name) => ({ name })),
  entries: UNCHANGED.map((name) => [SECRET_ID + name, { name }]),
};

/** A list without the sessions that may be there or not, in order. */
function ofUnchanged(answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  return UNCHANGED.flatMap((name) => answer.filter((each) => [each].flat().at(-1)?.name === name));
}

type Outcome = 'applied' | SessionError['outcome'];

async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    await call;
    return 'applied';
  } catch (error) {
    return isSessionError(error) ? error.outcome : 'unknown';
  }
}

async function rejectsInTime(
  name: string,
  id: string,
  call: () => Promise<unknown>,
): Promise<void> {
  const rejecting = () => rejectsAs(AWAY, `${name}, the backend away,`, call);
  isHonest(await inTime(name, rejecting), id);
}

/** What the call resolves with, or nothing if it rejects as it may. */
function settlesInTime(
  name: string,
  id: string,
  call: () => Promise<unknown>,
): Promise<{ value: unknown } | undefined> {
  const settling = () =>
    call().then(
      (value) => ({ value }),
      async (error: unknown) => {
        const again = () => Promise.reject(error);
        isHonest(await rejectsAs(AWAY, `${name}, the backend away,`, again), id);
        return undefined;
      },
    );
  return inTime(name, settling);
}

function isHonest(error: SessionError, id: string): void {
  if (error.idHash !== undefined) sameJson(error.idHash, hashId(id), `the idHash of ${error}`);
  assert.ok(
    error.outcome === 'not-applied' || error.outcome === 'unknown',
    `the outcome of ${error} is ${asJson(error.outcome)}`,
  );
  keepsSecrets(error);
}

async function closesInTime(store: FullSessionStore): Promise<void> {
  await inTime('close', () => store.close().catch(() => {}));
}
