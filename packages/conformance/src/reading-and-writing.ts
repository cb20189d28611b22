import type { Session } from '@sessions/core';
import fc from 'fast-check';
import { everyStore, type Promised } from './promised.ts';
import { randomCases } from './random-cases.ts';
import { asJson, sameJson } from './same-json.ts';

// Names that an object used as a map has without anybody having set them.
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];

const steps = fc.array(
  fc.record({
    action: fc.constantFrom('write', 'write', 'read', 'destroy', 'all'),
    id: fc.constantFrom('a', 'b', 'c'),
    members: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }),
  }),
  { minLength: 4, maxLength: 20, size: 'max' },
);

export const readingAndWriting: readonly Promised[] = [
  everyStore('an absent session reads as null', async (trial) => {
    const store = await trial.open();
    for (const id of ['a', ...INHERITED]) {
      sameJson(await store.read(id), null, `read of ${id}, which was never written`);
    }
  }),

  everyStore('reading an absent session creates nothing', async (trial) => {
    const store = await trial.open();
    await store.read('a');
    await store.destroy('b');
    sameJson(await store.all(), [], 'all() after nothing but a read and a destroy');
    sameJson(await store.read('a'), null, 'the second read');
  }),

  everyStore('an acknowledged write is read at once', async (trial) => {
    const store = await trial.open();
    await store.write('a', { n: 1 });
    sameJson(await store.read('a'), { n: 1 }, 'a session just written');
    const ids = Array.from({ length: 30 }, (_, n) => `chat:${n}`);
    await Promise.all(
      ids.map(async (id) => {
        await store.write(id, { id });
        sameJson(await store.read(id), { id }, 'one of thirty sessions written at once');
      }),
    );
  }),

  everyStore('a write replaces the whole session', async (trial) => {
    const store = await trial.open();
    await store.write('a', { old: true, deep: { old: true } });
    await store.write('a', { deep: { new: true } });
    sameJson(await store.read('a'), { deep: { new: true } }, 'the session after two writes');
    await store.write('a', {});
    sameJson(await store.read('a'), {}, 'the session after writing an empty one');
  }),

  everyStore('a destroyed session is gone', async (trial) => {
    const store = await trial.open();
    await store.write('a', { n: 1 });
    await store.write('b', { n: 2 });
    await store.destroy('a');
    sameJson(await store.read('a'), null, 'read of a destroyed session');
    sameJson(await store.all(), [{ n: 2 }], 'all() after one of two was destroyed');
    await store.write('a', { n: 3 });
    sameJson(await store.read('a'), { n: 3 }, 'a session written anew after destroy');
  }),

  everyStore('destroying an absent session succeeds', async (trial) => {
    const store = await trial.open();
    await store.destroy('a');
    await store.write('a', { n: 1 });
    await store.destroy('a');
    await store.destroy('a');
  }),

  everyStore('any sequence of reads, writes and destroys does what a Map does', async (trial) => {
    const store = await trial.open();
    await randomCases(30, steps, async (sequence) => {
      for (const id of ['a', 'b', 'c']) await store.destroy(id);
      const model = new Map<string, Session>();
      for (const [n, { action, id, members }] of sequence.entries()) {
        const session = Object.fromEntries(members.map((name) => [name, n]));
        if (action === 'write') {
          await store.write(id, session);
          model.set(id, asJson(session));
        } else if (action === 'destroy') {
          await store.destroy(id);
          model.delete(id);
        } else if (action === 'read') {
          sameJson(await store.read(id), model.get(id) ?? null, `step ${n}, read`);
        } else {
          sameJson(sorted(await store.all()), sorted([...model.values()]), `step ${n}, all()`);
        }
      }
    });
  }),
];

function sorted(sessions: Session[]): string[] {
  return sessions.map((session) => JSON.stringify(session)).sort();
}
