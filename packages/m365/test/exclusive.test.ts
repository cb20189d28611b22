import { expect, test } from '@jest/globals';
import {
  AgentApplication,
  ConversationState,
  type TurnContext,
  type TurnState,
} from '@microsoft/agents-hosting';
import { MemorySessionStore } from '@sessions/memory';
import { StoreStorage } from '../src/index.ts';
import {
  CONVERSATION,
  counter,
  describeStores,
  KEY,
  newAdapter,
  send,
  yieldOnce,
} from './support.ts';

const times = <T>(count: number, make: (n: number) => T) =>
  Array.from({ length: count }, (_, n) => make(n));

const CONFLICT = { code: -120700 };

/** What counts its messages by the `TurnState` of an application. */
function countingApplication(storage: StoreStorage) {
  const app = new AgentApplication<TurnState<{ count?: number }>>({ storage });
  app.onActivity('message', async (_context, state) => {
    const { count = 0 } = state.conversation;
    await yieldOnce();
    state.conversation.count = count + 1;
  });
  app.onTurn('afterTurn', async () => true); // saves the state
  return async (context: TurnContext) => void (await app.run(context));
}

describeStores((open) => {
  test('100 turns at once keep 100 of 100 increments of ConversationState', async () => {
    const store = open();
    const storage = new StoreStorage(store);
    const adapter = newAdapter().use(storage.exclusive({ wait: 60_000 }));
    const logic = counter(storage);
    await Promise.all(times(100, () => send(adapter, logic)));
    expect(await store.read(KEY)).toEqual({ count: 100 });
  });

  test('without it they do not', async () => {
    const store = open();
    const adapter = newAdapter();
    const logic = counter(new StoreStorage(store));
    await Promise.all(times(100, () => send(adapter, logic)));
    expect((await store.read(KEY))?.count).toBeLessThan(100);
  });

  test('so does an AgentApplication keep them', async () => {
    const store = open();
    const storage = new StoreStorage(store);
    const adapter = newAdapter().use(storage.exclusive({ wait: 60_000 }));
    const logic = countingApplication(storage);
    await Promise.all(times(100, () => send(adapter, logic)));
    expect(await store.all()).toContainEqual({ count: 100 });
  });

  test('its turns alone fail in place of losing what has been counted', async () => {
    const store = open();
    const logic = countingApplication(new StoreStorage(store));
    await send(newAdapter(), logic);
    const turns = await Promise.allSettled(times(100, () => send(newAdapter(), logic)));
    const errors = turns.flatMap((turn) => (turn.status === 'rejected' ? [turn.reason] : []));
    for (const error of errors) expect(error).toMatchObject(CONFLICT);
    expect(errors).not.toHaveLength(0);
    expect(await store.all()).toEqual([{ count: 1 + 100 - errors.length }]);
  });

  test('a turn overwrites nothing that somebody else has changed since', async () => {
    const store = open();
    const storage = new StoreStorage(store);
    const adapter = newAdapter().use(storage.exclusive());
    const state = new ConversationState(storage);
    let changes = 0;
    const change = () => store.write(KEY, { change: ++changes }); // as after a lost lease
    const logic = async (context: TurnContext) => {
      const { text } = context.activity;
      await state.load(context);
      if (text === 'before') await change();
      if (text === 'again') await state.load(context, true);
      if (text === 'forced') {
        await change();
        await state.load(context, true); // reads what another one wrote
      }
      Object.assign(await state.load(context), { by: 'turn' });
      if (text === 'deletes') {
        await change();
        await state.delete(context);
      }
      await state.saveChanges(context, true);
      if (text === 'between') await change();
      await state.saveChanges(context, true);
    };
    expect(await send(adapter, logic, { text: 'first' })).toBe(200);
    expect(await store.read(KEY)).toEqual({ by: 'turn' });
    expect(await send(adapter, logic, { text: 'again' })).toBe(200);
    expect(changes).toBe(0);
    for (const text of ['before', 'forced', 'deletes', 'between']) {
      await expect(send(adapter, logic, { text })).rejects.toMatchObject(CONFLICT);
      expect(await store.read(KEY)).toEqual({ change: changes });
    }
  });

  test('turns of one conversation wait, and those of others do not', async () => {
    const storage = new StoreStorage(open());
    const adapter = newAdapter().use(storage.exclusive());
    const notes: string[] = [];
    let free = () => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    const first = send(adapter, async () => {
      notes.push('begin');
      await held;
      notes.push('end');
    });
    while (notes.length === 0) await yieldOnce();
    const second = send(adapter, async () => void notes.push('second'));
    await send(adapter, async () => void notes.push('other'), { conversation: 'c2' });
    free();
    await Promise.all([first, second]);
    expect(notes).toEqual(['begin', 'other', 'end', 'second']);
  });

  test('a turn that fails fails, and the next one has its turn', async () => {
    const storage = new StoreStorage(open());
    const adapter = newAdapter().use(storage.exclusive());
    const fail = async () => Promise.reject(new Error('in the turn'));
    await expect(send(adapter, fail)).rejects.toThrow('in the turn');
    expect(await send(adapter, counter(storage))).toBe(200);
  });
});

test('getKey chooses what is exclusive, or nothing', async () => {
  const leases = new MemorySessionStore();
  const storage = new StoreStorage(new MemorySessionStore());
  const seen: string[][] = [];
  const note = async () => {
    const ids: string[] = [];
    for await (const id of leases.ids()) ids.push(id);
    seen.push(ids);
    await leases.clear();
  };
  await send(newAdapter().use(storage.exclusive({ leases })), note);
  const getKey = ({ activity }: { activity: { from?: { id?: string } } }) => activity.from?.id;
  await send(newAdapter().use(storage.exclusive({ leases, getKey })), note);
  await send(newAdapter().use(storage.exclusive({ leases, getKey: () => undefined })), note);
  expect(seen).toEqual([[`lease:${CONVERSATION}`], ['lease:user'], []]);
});

test('a turn that does not come in time does not run', async () => {
  const storage = new StoreStorage(new MemorySessionStore());
  const adapter = newAdapter().use(storage.exclusive({ wait: 0 }));
  let ran = false;
  const inner = () =>
    send(adapter, async () => {
      ran = true;
    });
  const outer = send(adapter, async () => void (await inner()));
  await expect(outer).rejects.toMatchObject({ code: 'CONFLICT', outcome: 'not-applied' });
  expect(ran).toBe(false);
});
