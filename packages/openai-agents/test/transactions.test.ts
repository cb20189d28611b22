import { expect, test } from '@jest/globals';
import type { AgentInputItem } from '@openai/agents';
import { type FullSessionStore, SessionError } from '@sessions/core';
import { HistorySession } from '../src/index.ts';
import { createUserMessage, describeStores, textsOf } from './support.ts';

const ID = 'telegram:42';
const append = (...texts: string[]) => ({
  operationId: 'operation',
  transaction: { type: 'append_items' as const, items: texts.map(createUserMessage) },
});
const replace = (expected: string[], replacement: string[]) => ({
  operationId: 'operation',
  transaction: {
    type: 'replace_suffix' as const,
    expectedSuffix: expected.map(createUserMessage),
    replacement: replacement.map(createUserMessage),
  },
});
const conflict = expect.objectContaining({ code: 'CONFLICT', outcome: 'not-applied' });

/** The store behind a network that loses the answers to some updates. */
function losingAnswers(store: FullSessionStore, isLost: () => boolean): FullSessionStore {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name);
      if (name !== 'update') return typeof method === 'function' ? method.bind(target) : method;
      return async (id: string, ...args: [never]) => {
        const stored = await target.update(id, ...args);
        if (isLost()) throw new SessionError('TIMEOUT', 'lost', { outcome: 'unknown' });
        return stored;
      };
    },
  });
}

describeStores((open) => {
  test('a transaction is applied once by objects that share nothing but the store', async () => {
    const store = open();
    const sessions = Array.from({ length: 8 }, () => new HistorySession(store, ID));
    await sessions[0]?.addItems([createUserMessage('start')]);
    await Promise.all(sessions.map((each) => each.applyHistoryTransaction(append('one', 'two'))));
    expect(textsOf(await new HistorySession(store, ID).getItems())).toEqual([
      'start',
      'one',
      'two',
    ]);
  });

  test('of different transactions with one id at once a single one is applied', async () => {
    const store = open();
    const texts = Array.from({ length: 8 }, (_, n) => `text ${n}`);
    const results = await Promise.allSettled(
      texts.map((text) => new HistorySession(store, ID).applyHistoryTransaction(append(text))),
    );
    const applied = texts.filter((_, n) => results[n]?.status === 'fulfilled');
    const failed = results.filter(({ status }) => status === 'rejected');
    expect(failed).toEqual(Array(7).fill({ status: 'rejected', reason: conflict }));
    expect(textsOf(await new HistorySession(store, ID).getItems())).toEqual(applied);
  });

  test('a transaction whose answer was lost is not applied again, and the id stays taken', async () => {
    let isLost = true;
    const session = new HistorySession(
      losingAnswers(open(), () => isLost),
      ID,
    );
    const unknown = expect.objectContaining({ outcome: 'unknown' });
    await expect(session.applyHistoryTransaction(append('one'))).rejects.toEqual(unknown);
    isLost = false;
    await expect(session.applyHistoryTransaction(append('two'))).rejects.toEqual(conflict);
    await session.applyHistoryTransaction(append('one'));
    await session.applyHistoryTransaction(append('one'));
    expect(textsOf(await session.getItems())).toEqual(['one']);
  });

  test('addItems whose answer was lost may be repeated by an object with a name', async () => {
    const store = open();
    let isLost = true;
    const lossy = losingAnswers(store, () => isLost);
    const session = new HistorySession(lossy, ID, { operationId: 'update:1' });
    await expect(session.addItems([createUserMessage('one')])).rejects.toThrow('lost');
    isLost = false;
    await session.addItems([createUserMessage('one')]);
    await session.addItems([createUserMessage('two')]);
    expect(textsOf(await session.getItems())).toEqual(['one', 'two']);
  });

  test('calls at once of an object with a name all add theirs, and one that failed is still itself', async () => {
    let isLost = true;
    const lossy = losingAnswers(open(), () => isLost);
    const session = new HistorySession(lossy, ID, { operationId: 'update:1' });
    await expect(session.addItems([createUserMessage('one')])).rejects.toThrow('lost');
    isLost = false;
    const texts = ['same', 'same', 'two', 'one'];
    await Promise.all(texts.map((text) => session.addItems([createUserMessage(text)])));
    expect(textsOf(await session.getItems()).sort()).toEqual(['one', 'same', 'same', 'two']);
  });

  test('the id of a transaction and that of a message are apart', async () => {
    const session = new HistorySession(open(), ID, { operationId: 'operation' });
    await session.addItems([createUserMessage('one')]);
    await session.applyHistoryTransaction(append('two'));
    expect(textsOf(await session.getItems())).toEqual(['one', 'two']);
  });

  test('a replacement of nothing, and by nothing', async () => {
    const session = new HistorySession(open(), ID);
    await session.applyHistoryTransaction(replace([], ['one', 'two']));
    const removed = { ...replace(['two'], []), operationId: 'other' };
    await session.applyHistoryTransaction(removed);
    await session.applyHistoryTransaction(removed);
    expect(textsOf(await session.getItems())).toEqual(['one']);
    const longer = { ...replace(['zero', 'one'], []), operationId: 'longer' };
    await expect(session.applyHistoryTransaction(longer)).rejects.toEqual(conflict);
  });

  test('clearSession forgets what an operation id was used for', async () => {
    const session = new HistorySession(open(), ID);
    await session.applyHistoryTransaction(append('one'));
    await session.clearSession();
    await session.applyHistoryTransaction(append('two'));
    expect(textsOf(await session.getItems())).toEqual(['two']);
    expect(await session.getItems(0)).toEqual([]);
    expect(await session.getItems(-1)).toEqual([]);
  });

  test('the order of members makes no other transaction', async () => {
    const session = new HistorySession(open(), ID);
    const [item] = [createUserMessage('one')] as [AgentInputItem];
    await session.applyHistoryTransaction(append('one'));
    const turned = Object.fromEntries(Object.entries(item).reverse()) as AgentInputItem;
    await session.applyHistoryTransaction({
      operationId: 'operation',
      transaction: { items: [turned], type: 'append_items' },
    });
    expect(await session.getItems()).toEqual([item]);
  });

  test('a compaction takes the place of all that was there', async () => {
    const session = new HistorySession(open(), ID);
    await session.addItems(['one', 'two', 'three'].map(createUserMessage));
    const compaction = { type: 'compaction', encrypted_content: 'short' } as AgentInputItem;
    const items = [compaction, createUserMessage('three')];
    await session.replaceHistoryWithCompaction(items);
    expect(await session.getItems()).toEqual(items);
  });

  test('mutations and compactions lose nothing that is added at once', async () => {
    const store = open();
    const call = (status: 'completed' | 'in_progress'): AgentInputItem => ({
      ...{ type: 'function_call', callId: 'c1', name: 'add', arguments: '{}', status },
    });
    const session = new HistorySession(store, ID);
    await session.addItems([createUserMessage('start'), call('in_progress')]);
    const added = Array.from({ length: 20 }, (_, n) => `${n}`);
    await Promise.all([
      ...added.map((text) => new HistorySession(store, ID).addItems([createUserMessage(text)])),
      session.applyHistoryMutations({
        mutations: [
          { type: 'replace_function_call', callId: 'c1', replacement: call('completed') as never },
        ],
      }),
    ]);
    const [start, changed, ...others] = await session.getItems();
    expect([start, changed]).toEqual([createUserMessage('start'), call('completed')]);
    expect(textsOf(others).sort()).toEqual(added.sort());
  });

  test('says what is wrong with the arguments of the constructor', () => {
    const store = open();
    const make = (...args: unknown[]) => Reflect.construct(HistorySession, args);
    expect(() => make(store, '')).toThrow('id of a session');
    expect(() => make(store, 42)).toThrow('id of a session');
    expect(() => make(store, ID, { ttl: 5 })).toThrow('ttl');
    expect(() => make(store, ID, { operationId: '' })).toThrow('operationId');
    expect(() => make(store, ID, { expiresIn: 0 })).toThrow(RangeError);
    expect(() => make({ read() {} }, ID)).toThrow('update');
  });
});
